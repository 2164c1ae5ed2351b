"""A home in which history is replayed, in this process."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from engine.backfill.backfill import Replay, planned
from engine.deployment import Deployment
from engine.documents.models import decisions_document
from engine.documents.runs import runs_document
from engine.documents.values import Document
from engine.execution.call import Call
from engine.execution.executors import LocalExecutor
from storage.lake.names import MONITORING, MONITORING_COHORTS, MONITORING_FEATURES, PREDICTIONS
from storage.ledger.catalog import current_versions
from storage.ledger.models import alias_rows, registered_models
from storage.settings import load_settings

FIRST, SECOND, THIRD = date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)
DATES = (FIRST, SECOND, THIRD)
# PSI of some hundred loans is hardly ever this low, so that the gate asks at once, and then is silent for 45 days.
TOUCHY = {"psi_threshold": 0.05, "cooldown_days": 45}
RESULTS = (MONITORING, MONITORING_COHORTS, MONITORING_FEATURES, PREDICTIONS)


class Past:
    """A home in which history is replayed, in this process."""

    def __init__(self, home: Path, data: Path, **settings: Any) -> None:
        self.deployment = Deployment.open(load_settings(home=home, retry_pause=0.0, **{**TOUCHY, **settings}))
        self.data = data
        self.rows: list[Document] = []

    def replay(self, dates: tuple[date, ...] = DATES, **given: Any) -> list[Document]:
        executor = given.pop("executor", None) or LocalExecutor()
        told = given.pop("told", lambda _: None)
        try:
            plan = planned(self.deployment, dates, str(self.data), **given)
            self.rows = list(Replay(self.deployment, plan, executor, told).rows())
        finally:
            executor.close()
        return self.rows

    def runs(self) -> list[Document]:
        """Every run, oldest first."""
        with self.deployment.ledger.reading() as connection:
            return runs_document(connection, 1000, None, None)[::-1]

    def history(self, until: date = THIRD) -> bytes:
        """What was decided up to a date, on what numbers, and the models of that time with their bytes' digests."""
        with self.deployment.ledger.reading() as connection:
            decisions = decisions_document(connection)
            models = [model for model in registered_models(connection) if model.summary["as_of"] <= until.isoformat()]
            events = [(row.version, row.why) for row in alias_rows(connection)]
        names = ("monitoring_date", "status", "action", "reason", "numbers")
        told = {
            "decisions": [
                {name: one[name] for name in names} for one in decisions if one["monitoring_date"] <= until.isoformat()
            ],
            "models": [
                (model.version, model.summary, model.files["model"].sha256, model.files["encoders"].sha256)
                for model in models
            ],
            "champions": [event for event in events if event[0] in {model.version for model in models}],
        }
        return json.dumps(told, sort_keys=True, default=str).encode()

    def digests(self) -> dict[str, str]:
        """The digests of what is published of it all."""
        with self.deployment.ledger.reading() as connection:
            current = current_versions(connection)
        return {name: current[name].digest for name in RESULTS}


class Interrupting(LocalExecutor):
    """Is interrupted, as by Ctrl-C, when it is to carry out that task as of that date."""

    def __init__(self, task: str, day: date) -> None:
        super().__init__()
        self.task, self.day = task, day

    def submit(self, call: Call) -> int:
        if (call.task.name, call.job.as_of) == (self.task, self.day):
            raise KeyboardInterrupt
        return super().submit(call)
