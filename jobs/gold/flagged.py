"""Loans of flagged customers: their features, by the same code as all others, without any effect on the others."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.gold.features import EXPOSURE, LoanFeatures, filled, unchecked_features
from jobs.loan_calendar import known_by
from jobs.silver.quality.report import SEPARATOR
from jobs.silver.quality.statistics import Statistics, median_of

FLAGGED, REASON = "flagged", "flagged_reason"


def flagged_features(
    flagged: Mapping[str, pa.Table],
    governed: Mapping[str, pa.Table],
    book: Book,
    statistics: Statistics | None = None,
) -> LoanFeatures:
    """The features of the loans of flagged customers.

    `flagged` are their rows by silver name, `governed` those that quality control kept (at least the columns that the
    book reads). A number below its column's minimum or above its maximum counts as missing, as does an unreadable one;
    what is missing is the median of the governed rows where the book asks for a median. Other values stay as they are.
    `statistics` has the medians of all governed rows and the last day of all flagged ones, where these are of a bucket.
    """

    def median(table: str, name: str) -> float | None:
        return statistics.medians[table][name] if statistics else median_of(governed[table][name])

    tables = {table: _completed(rows, partial(median, table), book.by_table[table]) for table, rows in flagged.items()}
    return unchecked_features(tables, book, statistics)


def marked(rows: pa.Table, why: Mapping[str, str], book: Book) -> pa.Table:
    """The rows with `flagged` and `flagged_reason`: why the customer of each was flagged, null if not so."""
    reasons = pa.array([why.get(customer or "") for customer in rows[book.customer_id].to_pylist()], pa.string())
    return rows.append_column(FLAGGED, pc.is_valid(reasons)).append_column(REASON, reasons)


def without_flagged(table: pa.Table) -> pa.Table:
    """The rows that are not marked as flagged; all rows of a table of an earlier release, which scored no such loan."""
    return table.filter(pc.invert(table[FLAGGED])) if FLAGGED in table.column_names else table


def only_flagged(table: pa.Table) -> pa.Table:
    """The rows that are marked as flagged; none of a table of an earlier release."""
    return table.filter(table[FLAGGED]) if FLAGGED in table.column_names else table.slice(0, 0)


def _completed(rows: pa.Table, median: Callable[[str], float | None], source: Source) -> pa.Table:
    """The rows without invalid numbers, and with the medians of the governed rows."""
    for place, name in enumerate(rows.column_names):
        column, declared = rows[name], source.column(name)
        if declared is None:
            continue
        for limit, beyond in ((declared.minimum, pc.less), (declared.maximum, pc.greater)):
            if limit is not None:
                column = pc.if_else(pc.fill_null(beyond(column, limit), fill_value=False), None, column)
        if declared.median:
            column = filled(column, median(name))
        rows = rows.set_column(place, name, column)
    return rows


def counts_of_flagged(rows: pa.Table, every: pa.Table, as_of: date) -> dict[str, dict[str, Any]]:
    """`flagged_loans`: number of loans, their amount, its share, known outcomes and defaults.

    `rows` are the marked features of the flagged customers' loans with their labels, `every` those of all loans. The
    amount is None where the book names none; the share is of the number of loans then. `flagged_by_reason` has the same
    without the share; a loan counts under each of its customer's reasons.
    """
    due = pa.array(known_by(rows["observation_date"], as_of))
    labels, reasons = pc.if_else(due, rows["label"], None), rows[REASON] if REASON in rows.column_names else None
    table = pa.table({"label": labels, "amount": _amounts(rows)})
    counts: dict[str, Any] = _counts(table)
    total = pc.sum(_amounts(every)).as_py()
    part, whole = (counts["amount"] or 0.0, total) if total else (counts["loans"], max(every.num_rows, 1))
    by_reason: dict[str, Any] = {}
    for text in [] if reasons is None else pc.unique(reasons).to_pylist():
        found = _counts(table.filter(pc.equal(reasons, text)))
        by_reason |= {reason: _sum(by_reason.get(reason, {}), found) for reason in text.split(SEPARATOR)}
    return {"flagged_loans": {**counts, "share": part / whole}, "flagged_by_reason": dict(sorted(by_reason.items()))}


def _amounts(rows: pa.Table) -> pa.Array | pa.ChunkedArray:
    """The amount of each loan; null where the book names none, or an earlier release made the table."""
    return rows[EXPOSURE] if EXPOSURE in rows.column_names else pa.nulls(rows.num_rows, pa.float64())


def _counts(table: pa.Table) -> dict[str, float | None]:
    labels = table["label"].drop_null()
    defaults = pc.sum(labels).as_py() or 0
    amount = pc.sum(table["amount"]).as_py()
    return {"loans": table.num_rows, "amount": amount, "labelled": len(labels), "defaults": defaults}


def _sum(left: Mapping[str, float | None], right: Mapping[str, float | None]) -> dict[str, float | None]:
    both = {name: (left.get(name), value) for name, value in right.items()}
    return {name: b if a is None else a if b is None else a + b for name, (a, b) in both.items()}
