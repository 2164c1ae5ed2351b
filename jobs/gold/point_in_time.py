"""Point-in-time joins: for every loan the newest row, or a statistic of the rows, known before a date of the loan.

Rows belong to a loan by its loan id where the source has that column, else by its customer. A row without a date counts
as known later than everything, so no loan sees it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.book.features import Window
from jobs.book.functions import Floats, quotients
from jobs.gold.labels import codes_in
from jobs.loan_calendar import months_later

Codes = npt.NDArray[np.int64]
NEVER = np.iinfo(np.int32).max  # the day of a row without a date


class Pairs(NamedTuple):
    """Every pair of a row and a loan that it belongs to: row numbers of the table, row numbers of the loans."""

    rows: Codes
    loans: Codes


def pairs(loans: pa.Table, table: pa.Table, book: Book) -> Pairs:
    """The pairs of a source's rows and the loans, in the order of the rows."""
    if book.loan_id in table.column_names:
        codes = codes_in(table[book.loan_id], loans[book.loan_id].combine_chunks())
        rows = np.flatnonzero(codes >= 0)
        return Pairs(rows, codes[rows])
    customers = pc.unique(loans[book.customer_id].combine_chunks()).drop_null()
    owner = codes_in(loans[book.customer_id], customers)
    by_customer = np.argsort(owner, kind="stable")
    number = np.bincount(owner[owner >= 0], minlength=len(customers))
    first = np.cumsum(number) - number + int((owner < 0).sum())
    codes = codes_in(table[book.customer_id], customers)
    matched = np.flatnonzero(codes >= 0)
    repeats = number[codes[matched]]
    rows = np.repeat(matched, repeats)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return Pairs(rows, by_customer[first[codes[rows]] + within])


def newest_rows(loans: pa.Table, table: pa.Table, source: Source, book: Book) -> pa.Array:
    """For each loan the number of its newest row known on its prediction date (int64); null where there is none.

    Of several rows of one day the last one counts.
    """
    rows, owners = pairs(loans, table, book)
    known = days(table[source.known_on])[rows]
    seen = known <= days(loans["prediction_date"])[owners]
    rows, owners, known = rows[seen], owners[seen], known[seen]
    order = np.lexsort((rows, known, owners))
    rows, owners = rows[order], owners[order]
    last = np.flatnonzero(np.append(owners[1:] != owners[:-1], [True] * bool(len(owners))))
    place = np.full(loans.num_rows, -1, np.int64)
    place[owners[last]] = rows[last]
    return pa.array(place, mask=place < 0)


def window_features(
    loans: pa.Table, table: pa.Table, source: Source, book: Book, windows: Sequence[Window]
) -> dict[str, pa.Array]:
    """The windows over one source by name, int64 for counts and float64 otherwise.

    Summed in the order of the rows, so that the same rows give the same bytes.
    """
    joined = pairs(loans, table, book)
    known = days(table[source.known_on])[joined.rows]
    inside: dict[tuple[str, int | None], npt.NDArray[np.bool_]] = {}
    found = {}
    for window in windows:
        cut = (window.until, window.months)
        if cut not in inside:
            inside[cut] = _inside(loans, joined.loans, known, book, window)
        rows, owners = joined.rows[inside[cut]], joined.loans[inside[cut]]
        there = pc.is_valid(table[window.column]).to_numpy()[rows]
        values = _values(table[window.column])[rows[there]]
        found[window.name] = _statistic(window.statistic, values, owners[there], loans.num_rows)
    return found


def _inside(loans: pa.Table, owners: Codes, known: Codes, book: Book, window: Window) -> npt.NDArray[np.bool_]:
    """Which pairs lie in the window: known before its end, and not before its beginning."""
    end = loans[book.loan_start if window.until == "loan_start" else "prediction_date"]
    inside = known < days(end)[owners]
    if window.months is not None:
        inside &= known >= days(pa.chunked_array([months_later(end, -window.months)]))[owners]
    return inside


def _statistic(statistic: str, values: Floats, owners: Codes, size: int) -> pa.Array:
    count = np.bincount(owners, minlength=size)
    if statistic == "count":
        return pa.array(count, pa.int64())
    total = np.bincount(owners, values, size)
    if statistic == "sum":
        return pa.array(total, mask=count < 1)
    mean = quotients(total, count.astype(np.float64))
    if statistic == "mean":
        return pa.array(mean, mask=count < 1)
    squares = np.bincount(owners, (values - mean[owners]) ** 2, size)
    return pa.array(np.sqrt(quotients(squares, (count - 1).astype(np.float64))), mask=count < 2)


def days(column: Any) -> Codes:
    """Days since 1970; a date that is not there counts as later than all others."""
    numbers = pc.fill_null(column.cast(pa.int32()), NEVER).to_numpy()
    return np.asarray(numbers, np.int64)


def _values(column: Any) -> Floats:
    values: Floats = pc.fill_null(column.cast(pa.float64()), np.nan).to_numpy()
    return values
