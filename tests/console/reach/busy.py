"""A deployment in which there is something to do on every page, and what a person does about it."""

from datetime import timedelta
from pathlib import Path

from engine.alerts.evaluation import evaluate
from storage.db.ledger import LedgerRow
from storage.db.schema import runs
from storage.ledger.leases import claim
from storage.ledger.models import model_rows
from storage.ledger.runs import active_run, run_row
from storage.ledger.tasks import plan_tasks, update_task
from tests.engine.alerts.happenings import ended_run, waiting_run
from tests.sandbox import AS_OF, ONE_CANDIDATE, Sandbox

BROKEN = "lms_loan_daily.csv, line 7: the column 'loan_id' is missing."


class Busy:
    """A monitored deployment with a second model, a failed inference and its alert."""

    def __init__(self, monitored_home: Path, home: Path) -> None:
        self.sandbox = Sandbox.copied(monitored_home, home)
        self.sandbox.succeed("training", data=self.sandbox.data(), candidates=ONE_CANDIDATE, auc_threshold=0.99)
        self.failed = ended_run(self.sandbox.deployment, "failed", "inference", BROKEN, as_of=AS_OF)
        evaluate(self.sandbox.deployment)

    @property
    def champion(self) -> str:
        return self.sandbox.champions()[0].version

    def other_version(self) -> str:
        """The newest version that is not champion."""
        with self.sandbox.deployment.ledger.reading() as connection:
            return next(row.version for row in model_rows(connection) if row.version != self.champion)

    def run(self, run_id: str) -> LedgerRow:
        with self.sandbox.deployment.ledger.reading() as connection:
            return run_row(connection, run_id)

    def started(self) -> str:
        """The id of a training that runs, in its first task."""
        deployment = self.sandbox.deployment
        with deployment.ledger.reading() as connection:
            active = active_run(connection, "training")
        run_id = active.run_id if active else waiting_run(deployment, 60, "training")
        if active is None:
            tasks = [task.name for task in deployment.pipelines["training"].tasks]
            with deployment.ledger.writing() as connection:
                now = deployment.ledger.now(connection)
                assert claim(connection, run_id, "host:0:1:1", now) is not None
                # No process keeps the lease, and a run without one is not active any more.
                alive = {"heartbeat_at": now + timedelta(days=1)}
                connection.execute(runs.update().where(runs.c.run_id == run_id).values(**alive))
                plan_tasks(connection, run_id, tasks)
                update_task(connection, run_id, tasks[0], state="running", started_at=now, attempts=1)
        return run_id
