"""Quality control: rows later than as-of wait, superseded rows go, and flagged customers leave all tables."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Column, Source
from jobs.book.declaration import Book
from jobs.loan_calendar import known_by
from jobs.silver.cleaning import matches
from jobs.silver.customers import (
    Mask,
    customers_of,
    is_one_of,
    named,
    names_customer,
    number_of_customers,
    plain,
    with_one_dictionary,
)
from jobs.silver.newest import EARLIEST, days_of, newest_rows, row_codes
from jobs.silver.quality.identity import check_customers
from jobs.silver.values import MARKED

SEPARATOR = "; "  # between the reasons for which a customer is flagged
DENSE = 32  # codes up to so many times their number are counted in an array, which is much faster than sorting


@dataclass(frozen=True)
class QualityReport:
    """Which rows of each table stay (boolean masks), which customers were flagged and why, and the row accounting.

    `of_flagged` are the rows that would stay if their customer were not flagged. `why` has the reasons of each flagged
    customer, in words. `customers` is the number of customers with a row that counts at as-of (`known`), and that of
    those who stay. `repeating` are the tables in which several rows that count at as-of may have one key.
    """

    kept: Mapping[str, Mask]
    of_flagged: Mapping[str, Mask]
    flagged: pa.Array
    why: Mapping[str, str]
    reasons: dict[str, int]
    accounting: dict[str, dict[str, int]]
    customers: dict[str, int]
    repeating: Collection[str] = ()

    def values(self, read: Mapping[str, int], kept: Mapping[str, int]) -> dict[str, Any]:
        """The values of a task; `read` are the rows that each table has, `kept` those that were written or handed on.

        They are counted apart from the masks, so that the row accounting is a check of both.
        """
        rows = {name: counts | {"read": read[name], "kept": kept[name]} for name, counts in self.accounting.items()}
        return {"flagged": len(self.flagged), "reasons": self.reasons, "customers": self.customers, "rows": rows}


def checked_columns(source: Source, book: Book) -> list[str]:
    """The columns of a source that quality control looks at."""
    ids = [
        name
        for name in book.ids
        if name in source.names and (name == book.customer_id or source == book.loans or _names_loans(book))
    ]
    checked = (column.name for column in source.columns if column.checked)
    marks = [MARKED] if any(column.bounded and not column.required for column in source.columns) else []
    return list(dict.fromkeys((*ids, *source.key, source.known_on, *checked, *marks)))


def quality_report(tables: Mapping[str, pa.Table], as_of: date, book: Book) -> QualityReport:
    """The verdict on the cleaned tables (at least their checked_columns), of which only rows up to as-of count.

    A row without a customer replaces no other. Raises InputRejected when a loan has rows of several customers.
    """
    sources = book.by_table
    visible = {name: known_by(table[sources[name].known_on], as_of) for name, table in tables.items()}
    check_customers(tables[book.loan_source], visible[book.loan_source], book)
    customers = with_one_dictionary({name: customers_of(sources[name], tables, book) for name in tables})
    superseded = {
        name: _superseded(table, sources[name], visible[name] & named(customers[name]))
        for name, table in tables.items()
    }
    flags = {
        name: _flags(sources[name], table, customers[name], visible[name] & ~superseded[name])
        for name, table in tables.items()
    }
    reasons = {reason: len(flagged) for by_reason in flags.values() for reason, flagged in by_reason.items()}
    everybody = [flagged for by_reason in flags.values() for flagged in by_reason.values()]
    flagged = pc.unique(pa.concat_arrays([pa.array([], pa.string()), *everybody]))
    kept, of_flagged, accounting = {}, {}, {}
    for name, table in tables.items():
        # Each row is counted once, under the first of these that it meets.
        grounds = {
            "undated": pc.is_null(table[sources[name].known_on]).to_numpy(zero_copy_only=False),
            "later_than_as_of": ~visible[name],
            "without_customer": ~named(customers[name]),
            "flagged": is_one_of(customers[name], flagged),
            "superseded": superseded[name],
        }
        kept[name], counts = _counted(grounds, table.num_rows)
        of_flagged[name] = grounds.pop("flagged") & ~np.logical_or.reduce(list(grounds.values()))
        accounting[name] = {"read": table.num_rows, "kept": int(kept[name].sum()), **counts}
    valid = {name: visible[name] & ~superseded[name] for name in tables}
    numbers = {"known": number_of_customers(customers, valid), "kept": number_of_customers(customers, kept)}
    reasons = {reason: count for reason, count in reasons.items() if count}
    repeating = [name for name in tables if superseded[name].any() or book.customer_id not in sources[name].names]
    return QualityReport(kept, of_flagged, flagged, _why(flags.values()), reasons, accounting, numbers, repeating)


def _why(flags: Iterable[Mapping[str, pa.Array]]) -> dict[str, str]:
    """The reasons of each flagged customer, separated by semicolons."""
    found: dict[str, list[str]] = {}
    for by_reason in flags:
        for reason, customers in by_reason.items():
            for customer in customers.to_pylist():
                found.setdefault(customer, []).append(reason)
    return {customer: SEPARATOR.join(dict.fromkeys(reasons)) for customer, reasons in found.items()}


def _names_loans(book: Book) -> bool:
    """Whether a source says only by the loan whose its rows are, so that customers have to be found by loan."""
    return any(book.customer_id not in source.names for source in book.sources)


def _counted(grounds: Mapping[str, Mask], rows: int) -> tuple[Mask, dict[str, int]]:
    """(the rows that meet none of the grounds, how many leave on each, counting a row on its first one only)."""
    left = np.ones(rows, bool)
    counts = {}
    for name, mask in grounds.items():
        counts[name] = int((left & mask).sum())
        left &= ~mask
    return left, counts


def valid_rows(table: pa.Table, source: Source, as_of: date, book: Book) -> Mask:
    """True for the rows of a cleaned table that are known at as-of, name a customer and are not superseded then.

    `table` has the columns of the key, and the customer's id if the source has it.
    """
    valid = known_by(table[source.known_on], as_of) & names_customer(table, source, book)
    return valid & ~_superseded(table, source, valid)


def _flags(source: Source, table: pa.Table, customers: pa.ChunkedArray, valid: Mask) -> dict[str, pa.Array]:
    """The customers to be flagged because of the valid rows of this table, by reason."""
    conditions: dict[str, pa.ChunkedArray] = {}
    for column in source.columns:
        conditions |= failures(column, table)
    return {
        reason: pc.unique(plain(customers.filter(_both(condition, valid)))).drop_null()
        for reason, condition in conditions.items()
    }


def failures(column: Column, table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Where a value fails a check that its column declares, by reason; null where nothing can be said."""
    found: dict[str, pa.ChunkedArray] = {}
    if column.required:
        found[f"{column.name} missing"] = pc.is_null(table[column.name])
    if column.minimum is not None:
        reason = f"{column.name} negative" if column.minimum == 0 else f"{column.name} under {column.minimum:g}"
        found[reason] = pc.less(table[column.name], column.minimum)
    if column.maximum is not None:
        found[f"{column.name} over {column.maximum:g}"] = pc.greater(table[column.name], column.maximum)
    if column.bounded and not column.required and MARKED in table.column_names:
        marks = table[MARKED].cast(pa.string())
        found[f"{column.name} unreadable"] = pc.match_substring(marks, f",{column.name},")
    if column.pattern:
        found[f"{column.name} invalid"] = pc.invert(matches(table[column.name], column.pattern))
    return found


def _both(condition: pa.ChunkedArray, valid: Mask) -> pa.Array:
    met = pc.fill_null(condition, fill_value=False).to_numpy(zero_copy_only=False)
    return pa.array(met & valid)


def _superseded(table: pa.Table, source: Source, visible: Mask) -> Mask:
    """True for every visible row whose key another visible row has that became known later.

    Of rows that became known on one day, the last one in the source stays.
    """
    mask = np.zeros(table.num_rows, bool)
    if table.num_rows == 0:
        return mask
    codes = row_codes(table, source.key)
    rows = np.flatnonzero(visible)
    if _all_different(codes[rows]):
        return mask
    keys, groups = np.unique(codes[rows], return_inverse=True)
    newest = newest_rows(groups, days_of(table[source.known_on], missing=EARLIEST)[rows], len(keys))
    mask[rows] = True
    mask[rows[newest]] = False
    return mask


def _all_different(codes: npt.NDArray[np.int64]) -> bool:
    if len(codes) and codes.max() < DENSE * len(codes):
        return int(np.bincount(codes).max()) == 1
    found = np.sort(codes)
    return bool((found[1:] != found[:-1]).all())
