"""Loans and their outcome: one row a loan, its dates, its label, and the fixed split into train and test."""

import hashlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.retail import BOOK
from jobs.loan_calendar import OBSERVATION_MONTHS, PREDICTION_MONTHS, months_later

LABEL_INSTALLMENTS = (BOOK.bad_loan.first, BOOK.bad_loan.last)
TEST_SHARE = 20


def loans(ledger: pa.Table) -> pa.Table:
    """One row a loan, in the order in which the ledger first names it.

    Columns: loan_id, Customer_ID, loan_start_date, loan_amt, tenure (all from its first row), prediction_date and
    observation_date (3 and 6 months after the start). Rows without a loan id or start date are no loan.
    """
    named = ledger.filter(pc.and_(pc.is_valid(ledger["loan_id"]), pc.is_valid(ledger["loan_start_date"])))
    column = named["loan_id"]
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    codes = encoded.unify_dictionaries().combine_chunks().indices.to_numpy() if len(encoded) else np.zeros(0, np.int64)
    _, first = np.unique(codes, return_index=True)
    columns = ["loan_id", "Customer_ID", "loan_start_date", "loan_amt", "tenure"]
    table = named.select(columns).take(pa.array(np.sort(first)))
    for name in ("loan_id", "Customer_ID"):
        table = table.set_column(table.column_names.index(name), name, table[name].cast(pa.string()))
    starts = table["loan_start_date"]
    return table.append_column("prediction_date", months_later(starts, PREDICTION_MONTHS)).append_column(
        "observation_date", months_later(starts, OBSERVATION_MONTHS)
    )


def default_labels(ledger: pa.Table, loan_ids: pa.Array) -> pa.Array:
    """int8 labels, one for each loan id: 1 when any installment numbered 3 to 6 is overdue, 0 when none is.

    A bad loan, a default and a positive label mean the same: label 1.
    Null for a loan none of whose installments 3 to 6 is in the ledger: nothing was observed of it.
    """
    low, high = LABEL_INSTALLMENTS
    number = ledger["installment_num"]
    window = ledger.filter(pc.and_(pc.greater_equal(number, low), pc.less_equal(number, high)))
    codes = codes_in(window["loan_id"], loan_ids)
    overdue = pc.fill_null(pc.greater(window["overdue_amt"], 0), fill_value=False).to_numpy(zero_copy_only=False)
    known = codes >= 0
    seen = np.bincount(codes[known], minlength=len(loan_ids)) > 0
    bad = np.bincount(codes[known & overdue], minlength=len(loan_ids)) > 0
    return pa.array(bad.astype(np.int8), mask=~seen)


def splits(loan_ids: pa.Array | pa.ChunkedArray) -> pa.Array:
    """`test` for one loan in five, `train` for the others, for ever and on every machine.

    The first 8 bytes of SHA-256 of the loan's id, big-endian, modulo 100, below 20 is test.
    """
    digests = (hashlib.sha256(loan_id.encode()).digest() for loan_id in loan_ids.to_pylist())
    numbers = np.frombuffer(b"".join(digest[:8] for digest in digests), ">u8")
    return pc.if_else(pa.array(numbers % 100 < TEST_SHARE), "test", "train")


def codes_in(column: pa.ChunkedArray, values: pa.Array) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The place of each text among `values`, -1 for null and for a text that is not there."""
    if pa.types.is_dictionary(column.type):
        encoded = column.unify_dictionaries().combine_chunks()
        places = pc.index_in(encoded.dictionary, value_set=values).take(encoded.indices)
    else:
        places = pc.index_in(column, value_set=values)
    found: np.ndarray[tuple[int], np.dtype[np.int64]] = pc.fill_null(places, fill_value=-1).to_numpy().astype(np.int64)
    return found
