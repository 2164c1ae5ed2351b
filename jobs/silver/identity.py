"""Ids that identify: a loan has one customer, and the loans of one file are found in the others."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.book.declaration import Book
from jobs.errors import InputRejected

MOST_UNMATCHED = 0.2  # share of loans that may lack a row of a source which every loan must have
FEW_LOANS = 50  # loans whose share says little


def check_customers(ledger: pa.Table, visible: npt.NDArray[np.bool_], book: Book) -> None:
    """Raises InputRejected when a loan has rows of several customers, of the rows that are visible.

    `ledger` are the rows of the loans' source with at least the ids of loan and customer.
    """
    rows = ledger.select(book.ids).filter(pa.array(visible)).drop_null()
    loans, customers = (_codes(rows[name]) for name in (book.loan_id, book.customer_id))
    if not len(loans):
        return
    one = np.zeros(int(loans.max()) + 1, np.int64)
    one[loans] = customers
    shared = np.unique(loans[one[loans] != customers])
    if len(shared):
        first = rows[book.loan_id][int(np.flatnonzero(loans == shared[0])[0])].as_py()
        name = "1 id names" if len(shared) == 1 else f"{len(shared):,} ids name"
        raise InputRejected(
            f"{name} loans of several customers, the first is {first!r}",
            file=book.loans.dataset,
            column=book.loan_id,
            hint="deliver ids that name one loan each",
        )


def check_matches(loans: int, without: Mapping[str, int], book: Book) -> None:
    """Raises InputRejected when too many loans have no row of a source that every loan must have.

    `without` are the numbers of loans without a row, by silver name.
    """
    for name, missing in without.items():
        if loans >= FEW_LOANS and missing > MOST_UNMATCHED * loans:
            source = book.by_table[name]
            raise InputRejected(
                f"{missing:,} of {loans:,} loans of {book.loans.dataset} have no row in {source.dataset}",
                file=source.dataset,
                column=book.customer_id if book.customer_id in source.names else book.loan_id,
                hint="deliver files of one time, with ids that are written alike in both",
            )


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    return np.asarray(encoded.unify_dictionaries().combine_chunks().indices.to_numpy(), np.int64)
