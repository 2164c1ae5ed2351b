"""What the Overview page shows, read once for all its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from console.app import queries
from console.app.deployment import deployment, ledger
from engine.documents.models import decisions_document
from engine.documents.processes import health_document, schedule_document
from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.ledger.models import ModelVersion, model_by_alias
from storage.ledger.runs import recent_runs


@dataclass(frozen=True)
class Overview:
    """The newest run of each pipeline, the schedules, the processes, the newest decision and the champion."""

    runs: Mapping[str, LedgerRow | None]
    schedules: Mapping[str, Document]
    processes: Sequence[Document]
    decision: Document | None
    champion: ModelVersion | None
    now: datetime

    def alive(self, kind: str) -> bool:
        """Whether a process of that kind is alive."""
        return any(process["kind"] == kind and process["state"] == "alive" for process in self.processes)


def overview(*, reload: bool = False) -> Overview:
    """The overview, at most a second old."""
    return queries.shared("overview", _read, reload=reload)


def _read() -> Overview:
    opened = deployment()
    with ledger().reading() as connection:
        newest = {name: next(iter(recent_runs(connection, 1, name)), None) for name in opened.pipelines}
        decision = next(iter(decisions_document(connection, 1)), None)
        champion = model_by_alias(connection)
    return Overview(
        runs=newest,
        schedules={each["pipeline"]: each for each in schedule_document(opened)["pipelines"]},
        processes=health_document(opened)["processes"],
        decision=decision,
        champion=champion,
        now=opened.ledger.clock(),
    )
