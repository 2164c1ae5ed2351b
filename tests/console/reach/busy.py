"""A deployment in which there is something to do on every page, and what a person does about it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

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


def make_busy(home: Path, book: Path) -> None:
    """Makes a monitored deployment with a second model, a failed inference and its alert."""
    sandbox = Sandbox.at(home, auc_threshold=0.5)
    training: dict[str, Any] = {"data": str(book), "candidates": ONE_CANDIDATE}
    sandbox.succeed("training", **training)
    sandbox.succeed("inference")
    sandbox.succeed("monitoring")
    sandbox.succeed("training", auc_threshold=0.99, **training)
    ended_run(sandbox.deployment, "failed", "inference", BROKEN, as_of=AS_OF)
    evaluate(sandbox.deployment)
    sandbox.close()


class Busy:
    """A copy of that deployment, and what its ledger says."""

    def __init__(self, made: Path, home: Path) -> None:
        self.sandbox = Sandbox.copied(made, home)

    @property
    def champion(self) -> str:
        return self.sandbox.champions()[0].version

    def other_version(self) -> str:
        """The newest version that is not champion."""
        with self.sandbox.deployment.ledger.reading() as connection:
            return next(row.version for row in model_rows(connection) if row.version != self.champion)

    def failed(self) -> str:
        """The id of the inference that failed."""
        with self.sandbox.deployment.ledger.reading() as connection:
            found: str = connection.execute(select(runs.c.run_id).where(runs.c.state == "failed")).scalar_one()
        return found

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
