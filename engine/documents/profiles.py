"""Documents about deliveries: the profile of each, and what changed since the one before."""

from collections.abc import Sequence
from statistics import median
from typing import Any

from sqlalchemy import Connection

from engine.documents.values import Document, moment
from engine.errors import UnusableRequest
from jobs.book.declaration import Book
from jobs.profiles.changes import changes, number_text, share
from storage.db.ledger import LedgerRow
from storage.ledger.deliveries import delivery_counts, delivery_rows

MOST_COMPARED = 12  # deliveries of a dataset that say how many rows are usual


def datasets_document(connection: Connection) -> list[Document]:
    """The datasets that have deliveries: how many, and of the newest when it was read, its files, rows and changes.

    `usual_rows` is the median of the last deliveries before it that were used, None for the first; `rows_change` the
    share by which the rows differ from it.
    """
    return [_dataset(connection, row) for row in delivery_counts(connection)]


def rows_sentence(document: Document) -> str:
    """The rows of a dataset's newest delivery against the usual number."""
    rows, usual = f"{document['rows']:,} rows", document["usual_rows"]
    if usual is None:
        return f"{rows}, the first delivery"
    change = document["rows_change"]
    return f"{rows}, as usual" if change == 0 else f"{rows}, {change:+.1%} of the usual {usual:,.0f}"


def _dataset(connection: Connection, counted: LedgerRow) -> Document:
    rows = delivery_rows(connection, counted.dataset, MOST_COMPARED)
    newest = _document(rows[-1], _accepted_before(rows, len(rows) - 1))
    before = [row.profile["rows"] for row in rows[:-1] if row.rejected is None]
    usual = median(before) if before else None
    return {
        "dataset": counted.dataset,
        "deliveries": counted.deliveries,
        "last_read_at": moment(counted.at),
        **{name: newest[name] for name in ("read_at", "run_id", "files", "rows", "rejected")},
        "usual_rows": usual,
        "rows_change": newest["rows"] / usual - 1 if usual else None,
        "changes": len(newest["changes"]),
    }


def deliveries_document(connection: Connection, book: Book, dataset: str, limit: int | None = None) -> list[Document]:
    """The newest deliveries of a dataset, at most `limit`, in the order in which they were last read.

    Raises UnusableRequest when neither the book nor the ledger has the dataset.
    """
    rows = delivery_rows(connection, dataset, limit)
    if not rows and dataset not in book.by_dataset:
        raise UnusableRequest(f"There is no dataset {dataset!r}; the book has {', '.join(book.by_dataset)}.")
    return [_document(row, _accepted_before(rows, place)) for place, row in enumerate(rows)]


def number_in_words(column: Document, name: str) -> str:
    """A number of a column as people read it, `~` before an estimate; '' when the column has none of that name."""
    value = column.get(name)
    if value is None:
        return ""
    text = value if isinstance(value, str) else number_text(value)
    return f"~{text}" if name in column.get("approximate", ()) else text


def _accepted_before(rows: Sequence[LedgerRow], place: int) -> LedgerRow | None:
    """The delivery before, of those that were used."""
    return next((row for row in reversed(rows[:place]) if row.rejected is None), None)


def _document(row: LedgerRow, before: LedgerRow | None) -> Document:
    # Of a rejected delivery of several files the profile is that of the rejected file.
    found = changes(before.profile, row.profile, rows=row.rejected is None) if before else []
    return {
        "delivery": row.delivery,
        "run_id": row.run_id,
        "as_of": row.as_of.isoformat(),
        "read_at": moment(row.read_at),
        "last_read_at": moment(row.last_read_at),
        "rejected": row.rejected,
        "compared_with": before.delivery if before else None,
        "changes": [{"column": change.column, "sentence": change.sentence} for change in found],
        "files": row.profile["files"],
        "rows": row.profile["rows"],
        "columns": [_with_shares(column) for column in row.profile["columns"]],
    }


def _with_shares(column: dict[str, Any]) -> Document:
    return {**column, **{f"{what}_share": share(column, what) for what in ("missing", "unreadable")}}
