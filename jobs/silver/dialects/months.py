"""Whether the dates of a ledger fit its months on book, which shows the order of day and month."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.loan_calendar import months_between

FEWEST_ROWS = 20  # rows that say nothing about the order of day and month


def months_that_fit(table: pa.Table, source: Source, book: Book, earliest: float = -np.inf) -> npt.NDArray[np.int64]:
    """(rows whose date lies at most a month from their month on book, rows that have both), int64.

    Rows of a month before `earliest` don't count.
    """
    month = book.bad_loan.month
    if not month or not {month, book.loan_start} <= set(source.names):
        return np.zeros(2, np.int64)
    declared = pc.fill_null(table[month].cast(pa.float64()), np.nan).to_numpy()
    apart = np.abs(months_between(table[book.loan_start], table[source.known_on]) - declared)
    counted = declared >= earliest
    return np.array([(counted & (apart <= 1)).sum(), (counted & ~np.isnan(apart)).sum()], np.int64)
