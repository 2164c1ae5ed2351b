"""Loans and their outcome: one row a loan, its dates, its label, and the fixed split into train and test.

Bad, default and positive label mean the same: label 1, as the book's bad loan defines it.
"""

import hashlib
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.loan_calendar import months_between, months_later
from jobs.silver.customers import Codes, codes_in, plain
from jobs.silver.newest import EARLIEST, codes_of, days_of, newest_rows

TEST_SHARE = 20
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def loans_of(ledger: pa.Table, book: Book) -> pa.Table:
    """One row a loan, by id.

    Columns: the loan's id, its customer and its start (from its newest row; of several rows of that day from the last
    one), prediction_date and observation_date. Rows without a loan id or a start are no loan.
    """
    named = ledger.filter(pc.and_(pc.is_valid(ledger[book.loan_id]), pc.is_valid(ledger[book.loan_start])))
    codes, size = codes_of(named[book.loan_id])
    days = days_of(named[book.loans.known_on], missing=EARLIEST)
    newest = newest_rows(codes, days, size)
    table = named.select([book.loan_id, book.customer_id, book.loan_start]).take(pa.array(newest[newest >= 0]))
    table = table.take(pc.sort_indices(table[book.loan_id].cast(pa.string())))
    for name in book.ids:
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    starts = table[book.loan_start]
    return table.append_column("prediction_date", months_later(starts, book.prediction)).append_column(
        "observation_date", months_later(starts, book.observation)
    )


def number_of_loans(ledger: pa.Table, book: Book) -> int:
    """The number of different loans that have a row with their start."""
    named = ledger[book.loan_id].filter(pc.is_valid(ledger[book.loan_start]))
    different = pc.unique(named.unify_dictionaries() if pa.types.is_dictionary(named.type) else named)
    return len(different.drop_null())


def default_labels(rows: pa.Table, loans: pa.Table, book: Book, newest: date | None = None) -> pa.Array:
    """int8 labels, one for each loan: 1 when it went bad in a month that the book's bad loan names, 0 when it did not.

    `rows` are of the source of the bad loan; `loans` has the loans' ids, starts and observation dates. A loan is bad as
    soon as one bad month is seen. It is good only when every amount of its months can be read, and the last month is on
    record or the rows reach its observation date. Otherwise it has no label (null): see `label_gaps`. `newest` is the
    last day of the rows, where `rows` are not all of them.
    """
    outcome = _outcomes(rows, loans, book, newest)
    return pa.array(outcome.bad.astype(np.int8), mask=~(outcome.bad | outcome.good))


def label_gaps(rows: pa.Table, loans: pa.Table, book: Book, newest: date | None = None) -> dict[str, int]:
    """How many loans have no label, by reason, where there are any: each loan counts under the first one."""
    outcome = _outcomes(rows, loans, book, newest)
    left = ~(outcome.bad | outcome.good)
    counts = {}
    for reason, mask in (
        ("no_month_on_record", ~outcome.seen),
        ("unreadable_amount", outcome.unreadable),
        ("record_ends_early", np.ones(len(left), bool)),
    ):
        counts[reason] = int((left & mask).sum())
        left &= ~mask
    return {reason: count for reason, count in counts.items() if count}


@dataclass(frozen=True)
class _Outcomes:
    """For each loan whether a month of its label was seen, an amount or a month was not readable, and bad or good."""

    seen: Flags
    unreadable: Flags
    bad: Flags
    good: Flags


def _outcomes(rows: pa.Table, loans: pa.Table, book: Book, newest: date | None) -> _Outcomes:
    owners, months, above = outcome_months(rows, loans, book)
    within = (owners >= 0) & (months >= book.bad_loan.first) & (months <= book.bad_loan.last)
    unknown = pc.is_null(rows[book.bad_loan.column]).to_numpy(zero_copy_only=False)
    size = loans.num_rows

    def any_of(mask: Flags) -> Flags:
        flags: Flags = np.bincount(owners[within & mask], minlength=size) > 0
        return flags

    seen, bad = any_of(np.ones(len(owners), bool)), any_of(above)
    undated = np.bincount(owners[(owners >= 0) & np.isnan(months)], minlength=size) > 0
    unreadable = any_of(unknown) | undated
    last = pc.max(rows[book.outcomes.known_on]) if newest is None else pa.scalar(newest, pa.date32())
    reached = pc.fill_null(pc.less_equal(loans["observation_date"], last), fill_value=False)
    complete = any_of(months == book.bad_loan.last) | reached.to_numpy(zero_copy_only=False)
    return _Outcomes(seen, unreadable, bad, seen & complete & ~unreadable & ~bad)


def outcome_months(rows: pa.Table, loans: pa.Table, book: Book) -> tuple[Codes, Floats, Flags]:
    """For each row of the bad loan's source: its loan (row number, -1 for none), its month on book, whether it is bad.

    The month is NaN where it is not known. A value that can't be read is not bad.
    """
    bad_loan = book.bad_loan
    owners = codes_in(rows[book.loan_id], plain(loans[book.loan_id]))
    above = pc.fill_null(pc.greater(rows[bad_loan.column], bad_loan.above), fill_value=False)
    if bad_loan.month:
        months = pc.fill_null(rows[bad_loan.month].cast(pa.float64()), np.nan).to_numpy()
    else:
        starts = loans[book.loan_start].take(pa.array(np.maximum(owners, 0), mask=owners < 0))
        months = months_between(starts, rows[book.outcomes.known_on])
    return owners, months, above.to_numpy(zero_copy_only=False)


def splits(ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    """`test` for one customer id in five, `train` for the others, in every run and on every machine.

    The first 8 bytes of SHA-256 of the id, big-endian, modulo 100, below 20 is test. The same customer is on the same
    side with each loan.
    """
    return pc.if_else(pa.array(id_hashes(ids, 0) % 100 < TEST_SHARE), "test", "train")


def folds(ids: pa.ChunkedArray, bad: npt.NDArray[np.bool_], number: int) -> npt.NDArray[np.int64]:
    """The fold of each loan, from 1 to `number`: one fold for all loans of a customer, whatever the order of the loans.

    `ids` are the customers of n loans, `bad` (n) says which loans defaulted. The customers with a default are dealt to
    the folds in turn, then the others, each in the order of the second 8 bytes of SHA-256 of the id, big-endian, which
    tell nothing of the split. So every fold has a default when at least `number` customers have one.
    """
    encoded = plain(ids).fill_null("").dictionary_encode()
    owners = encoded.indices.to_numpy()
    defaulted = np.zeros(len(encoded.dictionary), bool)
    defaulted[owners[bad]] = True
    turn = np.empty(defaulted.size, np.int64)
    turn[np.lexsort((id_hashes(encoded.dictionary, 8), ~defaulted))] = np.arange(defaulted.size)
    found: npt.NDArray[np.int64] = turn[owners] % number + 1
    return found


def id_hashes(ids: pa.Array | pa.ChunkedArray, start: int) -> npt.NDArray[np.uint64]:
    """8 bytes of SHA-256 of each id, from byte `start`; a missing id counts as an empty text."""
    digests = (hashlib.sha256((one or "").encode()).digest() for one in ids.to_pylist())
    return np.frombuffer(b"".join(digest[start : start + 8] for digest in digests), ">u8").astype(np.uint64)
