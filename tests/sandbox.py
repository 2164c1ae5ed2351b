"""A deployment in a temporary folder, whose pipelines run in this process."""

import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import select

from engine.control.runs import checked_request, request
from engine.control.trials import JUDGING
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from storage.db.schema import decisions, runs
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions
from storage.ledger.models import ModelVersion, champions
from storage.ledger.runs import run_row
from storage.ledger.tasks import log_rows, task_rows
from storage.settings import load_settings

AS_OF = date(2025, 12, 1)
ONE_CANDIDATE = "LogisticRegression"  # the fastest, for tests that any model will do for


@dataclass(frozen=True)
class Ended:
    """How a run ended: its id and state, and the error's type, message and exit code if it failed."""

    run_id: str
    state: str
    error: dict[str, Any]


@dataclass(frozen=True)
class Sandbox:
    """A deployment under one folder, and what a test wants of it."""

    home: Path
    deployment: Deployment

    @classmethod
    def at(cls, home: Path, **changes: Any) -> "Sandbox":
        return cls(home, Deployment.open(load_settings(home=home, retry_pause=0.0, **changes)))

    @classmethod
    def copied(cls, source: Path, home: Path, **changes: Any) -> "Sandbox":
        """A copy of a deployment that nobody has open."""
        shutil.copytree(source, home, symlinks=True)
        return cls.at(home, **changes)

    def run(self, pipeline: str, as_of: date = AS_OF, *, force: bool = False, **params: Any) -> Ended:
        """One run of a pipeline, in this process, however it ends. Thresholds of monitoring are the deployment's."""
        judging = {name: params.pop(name) for name in JUDGING if pipeline == "monitoring" and name in params}
        deployment = self.deployment.with_settings(self.deployment.settings.changed(**judging))
        wanted = checked_request(deployment, pipeline, as_of, params=params, force=force)
        return self.execute(request(deployment, wanted), deployment)

    def execute(self, run_id: str, deployment: Deployment | None = None) -> Ended:
        """How a queued run ends, which this process executes."""
        executor = LocalExecutor()
        try:
            execute_run(deployment or self.deployment, run_id, executor)
        finally:
            executor.close()
        with self.deployment.ledger.reading() as connection:
            row = run_row(connection, run_id)
        return Ended(run_id, row.state, row.error or {})

    def succeed(self, pipeline: str, as_of: date = AS_OF, *, force: bool = False, **params: Any) -> str:
        """The id of a run that must go well."""
        ended = self.run(pipeline, as_of, force=force, **params)
        assert ended.state == "succeeded", ended.error
        return ended.run_id

    def versions(self) -> dict[str, TableVersion]:
        with self.deployment.ledger.reading() as connection:
            return current_versions(connection)

    def table(self, name: str) -> pa.Table:
        return self.deployment.datamart.read(self.versions()[name])

    def data(self) -> str:
        """The folder from which the deployment was trained."""
        loans = self.versions()[self.deployment.book.loans.bronze_table]
        return str(Path(next(iter(loans.sources))).parent)

    def champions(self) -> list[ModelVersion]:
        with self.deployment.ledger.reading() as connection:
            return champions(connection)

    def log(self, run_id: str, task: str | None = None) -> str:
        with self.deployment.ledger.reading() as connection:
            return "\n".join(f"{row.level} {row.message}" for row in log_rows(connection, run_id, task))

    def states(self, run_id: str) -> dict[str, str]:
        with self.deployment.ledger.reading() as connection:
            return {row.task: row.state for row in task_rows(connection, run_id)}

    def values(self, run_id: str, task: str) -> dict[str, Any]:
        """What a task of a run handed on."""
        with self.deployment.ledger.reading() as connection:
            rows = {row.task: row for row in task_rows(connection, run_id)}
        found: dict[str, Any] = rows[task].outcome["outcome"]["values"]
        return found

    def governance_requests(self) -> list[str]:
        """Ids of the runs that the gate asked for."""
        with self.deployment.ledger.reading() as connection:
            return list(connection.execute(select(runs.c.run_id).where(runs.c.cause == "governance")).scalars())

    def decisions(self) -> list[Any]:
        with self.deployment.ledger.reading() as connection:
            return list(connection.execute(select(decisions).order_by(decisions.c.decision_id)).all())

    def copy(self, home: Path) -> "Sandbox":
        """The same deployment, under another folder."""
        self.close()
        return Sandbox.copied(self.home, home)

    def close(self) -> None:
        self.deployment.ledger.close()
