"""What the state of a deployment is told from, read in one transaction of a few statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from engine.alerts.documents import alert_of
from engine.deployment import Deployment
from engine.documents.extracts import extract_ages, readers_of, refusals_of
from engine.documents.processes import pipeline_documents, process_documents
from engine.documents.values import Document, moment
from storage.db.ledger import LedgerRow
from storage.ledger.alerts.records import unresolved_with_silence
from storage.ledger.published.at_a_glance import Publication, Serving, current_publications, serving
from storage.ledger.published.current import current_runs


@dataclass(frozen=True)
class Reading:
    """The newest run and the schedule of each pipeline, the processes, the model, the extracts and the alerts.

    `runs` are without trials, which say nothing about a pipeline; `active` are the queued and running runs, trials too.
    `extracts` are the documents of the newest rows, as of the newest date of the runs that succeeded. `alerts` are
    those that have not ended, oldest first. `published` are the current versions of the tables.
    """

    runs: Mapping[str, LedgerRow]
    active: Mapping[str, LedgerRow]
    schedules: Mapping[str, Document]
    processes: Sequence[Document]
    serving: Serving
    published: Mapping[str, Publication]
    extracts: Sequence[Document]
    alerts: Sequence[Document]
    now: datetime

    def last_run(self, pipeline: str) -> LedgerRow | None:
        """The active run of a pipeline, else the newest of `runs`; None before the first."""
        return self.active.get(pipeline) or self.runs.get(pipeline)

    def alive(self, kind: str) -> bool:
        """Whether a process of that kind is alive."""
        return any(process["kind"] == kind and process["state"] == "alive" for process in self.processes)


def read(deployment: Deployment, connection: Connection) -> Reading:
    """The reading of a deployment now."""
    now = deployment.ledger.now(connection)
    published = current_publications(connection)
    runs = current_runs(connection, tuple(deployment.pipelines), readers_of(deployment))
    served, refused = serving(connection), refusals_of(deployment, runs.reads)
    as_of = _newest_date(runs.newest, served) or deployment.today()
    return Reading(
        runs=runs.newest,
        active=runs.active,
        schedules={each["pipeline"]: each for each in pipeline_documents(deployment, connection)},
        processes=process_documents(deployment, connection),
        serving=served,
        published=published,
        extracts=_extracts(deployment, published, as_of, refused),
        alerts=[alert_of(row, until) for row, until in unresolved_with_silence(connection, now)],
        now=now,
    )


def _extracts(
    deployment: Deployment, published: Mapping[str, Publication], as_of: date, refused: Mapping[str, Document]
) -> list[Document]:
    """The age of each extract, when it was read last, and whether a delivery after that was refused."""
    ages = extract_ages(deployment, {name: each.version for name, each in published.items()}, as_of, refused)
    made = {
        source.dataset: moment(published[source.bronze_table].made_at)
        for source in deployment.book.sources
        if source.bronze_table in published
    }
    return [{**age, "read_at": made.get(age["dataset"])} for age in ages]


def _newest_date(runs: Mapping[str, LedgerRow], served: Serving) -> date | None:
    """The newest as-of date of the runs that succeeded and of the decision; None when there is none."""
    dates = [run.as_of for run in runs.values() if run.state == "succeeded"]
    return max([*dates, *([served.decision.monitoring_date] if served.decision else [])], default=None)
