"""Documents about the extracts that were read last: the newest row of every dataset, and which are stale."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.values import Document
from jobs.silver.staleness import ages, stale_sentences
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions
from storage.ledger.runs import newest_success


def extracts_document(connection: Connection, deployment: Deployment) -> list[Document]:
    """A document for each dataset of which tables are published: its files, newest row, age in days, cadence, state.

    The ages are those at the newest as-of date of a successful run; `advice` says what to do about a stale dataset.
    """
    newest = newest_success(connection)
    return extract_ages(deployment, current_versions(connection), newest.as_of if newest else deployment.today())


def extract_ages(deployment: Deployment, tables: Mapping[str, TableVersion], as_of: date) -> list[Document]:
    """The documents of `extracts_document`, by the published tables and a date."""
    book = deployment.book
    return [
        {
            **age.as_json(),
            "as_of": as_of.isoformat(),
            "files": _files(tables.get(source.bronze_table)),
            "advice": next(iter(stale_sentences([age], book)), None),
        }
        for age, source in zip(ages(tables, book, as_of), book.sources, strict=True)
        if source.staged_table in tables
    ]


def _files(bronze: TableVersion | None) -> list[str]:
    return [] if bronze is None else list(bronze.sources)
