"""Which rows of a source were known of each loan, and when: the joins that every feature goes through.

A row becomes known on its source's `known_on` date. The newest row is one known on the prediction date or before; a
window ends before the loan's start or before its prediction date. No later row is joined.
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.book.features import Cut, Window
from jobs.book.functions import as_floats
from jobs.loan_calendar import months_later
from jobs.silver.customers import codes_in
from jobs.silver.newest import LATEST, days_of, newest_rows

Codes = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Pairs = tuple[Codes, Codes]  # row numbers of a source, row numbers of the loans: a pair for each row of a loan


class KnownRows:
    """The rows of one source beside the loans that they are about.

    `loans` is a table as `labels.loans_of` makes it, `table` the rows of the source (at least the columns that the book
    reads). Rows belong to a loan by its id where the source has it, else to every loan of their customer.
    """

    def __init__(self, loans: pa.Table, table: pa.Table, source: Source, book: Book) -> None:
        self._loans, self.table, self._book = loans, table, book
        self.by_loan = book.loan_id in source.names
        self._days = _days(table[source.known_on])
        self._windows: dict[tuple[Cut, int | None], Pairs] = {}
        self._numbers: dict[tuple[Cut, int | None], Codes] = {}

    @cached_property
    def _pairs(self) -> Pairs:
        if self.by_loan:
            owners = codes_in(self.table[self._book.loan_id], self._loans[self._book.loan_id].combine_chunks())
            rows = np.flatnonzero(owners >= 0)
            return rows, owners[rows]
        return _pairs_by_customer(
            self._loans[self._book.customer_id].combine_chunks(), self.table[self._book.customer_id]
        )

    @property
    def rows_of_loans(self) -> int:
        """How many pairs there are of a row and a loan that it is about."""
        return len(self._pairs[0])

    def newest(self) -> Codes:
        """For each loan, the number of the newest row known on its prediction date; -1 for none.

        Of several rows of one day it is the last in the source's order.
        """
        rows, owners = self._pairs
        known = self._days[rows] <= _days(self._loans["prediction_date"])[owners]
        rows, owners = rows[known], owners[known]
        places = newest_rows(owners, self._days[rows], self._loans.num_rows)
        return np.where(places < 0, -1, rows[places] if len(rows) else -1)

    def within(self, window: Window) -> Pairs:
        """The pairs of a window: rows known before it ends, and not before it begins, in the source's order.

        They are found once for all windows with the same beginning and end.
        """
        span = window.until, window.months
        if span not in self._windows:
            self._windows[span] = self._between(*span)
        return self._windows[span]

    def _rows_within(self, window: Window) -> Codes:
        """The number of rows of each loan in a window, counted once for all windows with the same beginning and end."""
        span = window.until, window.months
        if span not in self._numbers:
            self._numbers[span] = np.bincount(self.within(window)[1], minlength=self._loans.num_rows)
        return self._numbers[span]

    def _between(self, until: Cut, months: int | None) -> Pairs:
        rows, owners = self._pairs
        ends = self._cut(until)
        known = self._days[rows] < _days(ends)[owners]
        if months is not None:
            known &= self._days[rows] >= _days(months_later(ends, -months))[owners]
        return rows[known], owners[known]

    def _cut(self, until: Cut) -> pa.ChunkedArray:
        return self._loans[self._book.loan_start if until == "loan_start" else "prediction_date"]

    def statistic(self, window: Window) -> pa.Array:
        """One value a loan: the window's count (int64), sum, mean or sample deviation (float64) of its column.

        Nulls do not count. A count without rows is 0, everything else without rows null, a deviation without two rows
        too. Values are added in the source's order, so that the same rows give the same bytes.
        """
        rows, owners = self.within(window)
        column, size = self.table[window.column], self._loans.num_rows
        if column.null_count:
            there = pc.is_valid(column).to_numpy(zero_copy_only=False)[rows]
            rows, owners = rows[there], owners[there]
            count = np.bincount(owners, minlength=size)
        else:
            count = self._rows_within(window)
        if window.statistic == "count":
            return pa.array(count.astype(np.int64))
        values = (as_floats(column) if column.null_count else column.cast(pa.float64()).to_numpy())[rows]
        total = np.bincount(owners, values, size).astype(np.float64)
        if window.statistic == "sum":
            return pa.array(total, mask=count < 1)
        mean = _per(total, count)
        if window.statistic == "mean":
            return pa.array(mean, mask=count < 1)
        squares = np.bincount(owners, (values - mean[owners]) ** 2, size).astype(np.float64)
        return pa.array(np.sqrt(_per(squares, count - 1)), mask=count < 2)


def _pairs_by_customer(of_loans: pa.Array, of_rows: pa.ChunkedArray) -> Pairs:
    """Every pair of a row and a loan of the row's customer, by row."""
    people = pc.unique(of_loans).drop_null()
    owner = codes_in(pa.chunked_array([of_loans]), people)
    by_customer = np.argsort(owner, kind="stable")
    number = np.bincount(owner[owner >= 0], minlength=len(people))
    first = np.cumsum(number) - number + int((owner < 0).sum())
    codes = codes_in(of_rows, people)
    matched = np.flatnonzero(codes >= 0)
    if len(people) and number.max() == 1:  # the usual case, a pair for each row
        return matched, by_customer[first][codes[matched]]
    repeats = number[codes[matched]]
    rows = np.repeat(matched, repeats)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    return rows, by_customer[first[codes[rows]] + within]


def _days(column: pa.ChunkedArray | pa.Array) -> Codes:
    """Days since 1970; a date that is null counts as later than all others."""
    return days_of(column, missing=LATEST)


def _per(part: Floats, count: Codes) -> Floats:
    """Part / count, NaN where the count is not positive."""
    usable = count > 0
    quotient: Floats = np.divide(part, count, where=usable, out=np.full(len(part), np.nan))
    return quotient
