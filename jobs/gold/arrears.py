"""Loans in arrears at scoring: their outcome was known in part before they were scored, so they are measured apart."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.book.features import Window
from jobs.gold.point_in_time import KnownRows

IN_ARREARS = "in_arrears"


def arrears_at_scoring(known: KnownRows, loans: int, book: Book) -> pa.Array:
    """Whether each loan had a bad amount, as the book's bad loan defines it, in a row known before its prediction date.

    `known` are the rows of the bad loan's source beside `loans` loans. A row of the prediction date itself is not used:
    windows of features end there too. A loan without a row has no arrears; one with an unreadable amount and no bad one
    is null.
    """
    bad_loan = book.bad_loan
    rows, owners = known.within(Window(IN_ARREARS, bad_loan.source, bad_loan.column, "count"))
    column = known.table[bad_loan.column]
    above = pc.fill_null(pc.greater(column, bad_loan.above), fill_value=False).to_numpy(zero_copy_only=False)[rows]
    unread = pc.is_null(column).to_numpy(zero_copy_only=False)[rows]
    bad, unknown = (np.bincount(owners[mask], minlength=loans) > 0 for mask in (above, unread))
    return pa.array(bad, mask=unknown & ~bad)


def knows_arrears(table: pa.Table) -> bool:
    """Whether a table says which loans were in arrears; tables of earlier releases do not."""
    return IN_ARREARS in table.column_names


def not_in_arrears(table: pa.Table) -> pa.Table:
    """The loans that were not in arrears at scoring; none of a table that does not say it."""
    return table.filter(pa.array(without_arrears(table)))


def without_arrears(table: pa.Table) -> npt.NDArray[np.bool_]:
    """True for each loan that was not in arrears at scoring; False for all of a table that does not say it."""
    if not knows_arrears(table):
        return np.zeros(table.num_rows, bool)
    flags = pc.fill_null(pc.invert(table[IN_ARREARS]), fill_value=False)
    mask: npt.NDArray[np.bool_] = flags.to_numpy().astype(bool)
    return mask
