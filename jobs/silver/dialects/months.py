"""Whether the dates of a ledger fit its months on book, which shows the order of day and month."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.loan_calendar import months_between

Counts = npt.NDArray[np.int64]
SECOND = 2
FEWEST_ROWS = 20  # rows that say nothing about the order of day and month


def months_that_fit(table: pa.Table, source: Source, book: Book) -> Counts:
    """(rows whose date lies at most a month from their month on book, rows that have both), int64, shape (2, 2).

    The first line counts all rows, the second those from the second month on, where exchanged dates show.
    """
    month = book.bad_loan.month
    if not month or not {month, book.loan_start} <= set(source.names):
        return np.zeros((2, 2), np.int64)
    declared = pc.fill_null(table[month].cast(pa.float64()), np.nan).to_numpy()
    apart = np.abs(months_between(table[book.loan_start], table[source.known_on]) - declared)
    fit, both, later = apart <= 1, ~np.isnan(apart), declared >= SECOND
    return np.array([[fit.sum(), both.sum()], [(later & fit).sum(), (later & both).sum()]], np.int64)
