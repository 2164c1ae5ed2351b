"""The data of the Overview page, loaded once for all its parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from console.app import queries
from console.app.deployment import deployment, ledger
from engine.documents.extracts import extract_ages
from engine.documents.models import decisions_document
from engine.documents.processes import pipeline_documents, process_documents
from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.lake.datamart import TableVersion
from storage.lake.names import MONITORING
from storage.ledger.alerts.records import open_count
from storage.ledger.approvals import Approval
from storage.ledger.catalog import current_versions
from storage.ledger.models import ModelVersion, champion_and_request
from storage.ledger.run_search import newest_runs


@dataclass(frozen=True)
class Overview:
    """The newest runs and the schedules by pipeline, the processes, the newest decision, the champion, the extracts.

    `waiting` is the request for approval that nobody has decided.
    `extracts` are the documents of the newest rows, as of the newest date of the runs that succeeded.
    `open_alerts` counts those that have not ended and that nobody has acknowledged.
    `monitoring` is the published version of the monitoring history, None before the first.
    """

    runs: Mapping[str, LedgerRow]
    schedules: Mapping[str, Document]
    processes: Sequence[Document]
    decision: Document | None
    champion: ModelVersion | None
    waiting: Approval | None
    monitoring: TableVersion | None
    extracts: Sequence[Document]
    now: datetime
    open_alerts: int

    def alive(self, kind: str) -> bool:
        """Whether a process of that kind is alive."""
        return any(process["kind"] == kind and process["state"] == "alive" for process in self.processes)


def overview(*, reload: bool = False) -> Overview:
    """The overview, at most a second old."""
    return queries.shared("overview", _read, reload=reload)


def _read() -> Overview:
    opened = deployment()
    with ledger().reading() as connection:
        tables = current_versions(connection)
        runs = newest_runs(connection, tuple(opened.pipelines))
        decision = next(iter(decisions_document(connection, 1)), None)
        champion, waiting = champion_and_request(connection)
        return Overview(
            runs=runs,
            schedules={each["pipeline"]: each for each in pipeline_documents(opened, connection)},
            processes=process_documents(opened, connection),
            decision=decision,
            champion=champion,
            waiting=waiting,
            monitoring=tables.get(MONITORING),
            extracts=extract_ages(opened, tables, _newest_date(runs, decision) or opened.today()),
            now=opened.ledger.now(connection),
            open_alerts=open_count(connection),
        )


def _newest_date(runs: Mapping[str, LedgerRow], decision: Document | None) -> date | None:
    """The newest as-of date of the runs that succeeded and of the decision; None when there is none."""
    dates = [run.as_of for run in runs.values() if run.state == "succeeded"]
    return max([*dates, *([date.fromisoformat(decision["monitoring_date"])] if decision else [])], default=None)
