"""What one scrape reads of the ledger, in one transaction and with a fixed number of queries."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.extracts import extracts_document
from engine.documents.processes import process_documents
from engine.documents.values import Document
from engine.errors import BadPipeline
from engine.metrics.run_totals import RunTotals, run_totals
from jobs.errors import BookRejected
from storage.ledger.alerts.messages import alert_counts, message_counts
from storage.ledger.decisions import newest_decision

# Seconds; a cached run takes under one, a training of a large book an hour.
BOUNDS = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0)
Counts = dict[tuple[str, str], int]  # by rule or channel, and state
PROCESSES = 100  # the newest ones; they stay in the ledger for a week


@dataclass(frozen=True)
class Decided:
    """The newest monitoring date, and what the gate knew and decided about it."""

    day: date
    status: str
    numbers: dict[str, Any]


@dataclass(frozen=True)
class Reading:
    """What the ledger holds at a time."""

    at: datetime
    runs: list[RunTotals] = field(default_factory=list)
    processes: list[Document] = field(default_factory=list)
    decided: Decided | None = None
    datasets: list[Document] = field(default_factory=list)
    alerts: Counts = field(default_factory=dict)
    messages: Counts = field(default_factory=dict)


def reading_of(deployment: Deployment) -> Reading:
    """What the ledger holds now. Raises LedgerUnavailable when it can't be read."""
    with deployment.ledger.reading() as connection:
        newest = newest_decision(connection)
        return Reading(
            at=deployment.ledger.now(connection),
            runs=run_totals(connection, BOUNDS),
            processes=process_documents(deployment, connection, PROCESSES),
            decided=Decided(newest.monitoring_date, newest.status, newest.numbers) if newest else None,
            datasets=_datasets(connection, deployment),
            alerts=alert_counts(connection),
            messages=message_counts(connection),
        )


def _datasets(connection: Connection, deployment: Deployment) -> list[Document]:
    """The age of every dataset; none while the book can't be used, which every run and `doctor` say."""
    try:
        return extracts_document(connection, deployment)
    except (BookRejected, BadPipeline):
        return []
