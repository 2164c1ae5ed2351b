"""Rows that contradict each other are counted by table; the order of rows decides only between them."""

from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given
from hypothesis import strategies as st

from jobs.job import summed
from jobs.silver.customers import number_of_customers, with_one_dictionary
from jobs.silver.newest import codes_of
from jobs.silver.quality.identity import CHANGES, conflicts_in_all
from jobs.silver.quality.removal import remove_flagged_customers
from tests.job_factory import JobFactory
from tests.retail import BOOK, TABLES

LOANS = TABLES["loan_daily"]
DAY = date(2024, 5, 1)
Row = dict[str, object]


def row(**values: object) -> Row:
    usual: Row = {
        "loan_id": "L1",
        "Customer_ID": "C1",
        "loan_start_date": date(2024, 1, 1),
        "tenure": 10,
        "installment_num": 4,
        "loan_amt": 1000.0,
        "due_amt": 100.0,
        "paid_amt": 100.0,
        "overdue_amt": 0.0,
        "balance": 600.0,
        "snapshot_date": DAY,
    }
    return usual | values


def checked(job_factory: JobFactory, *rows: Row, of: str = "conflicts") -> tuple[dict[str, int], pa.Table]:
    """(the conflicts by table, the ledger that is kept)."""
    empty = {source.staged_table: source.silver_schema.empty_table() for source in BOOK.sources}
    job = job_factory.job(empty | {LOANS.staged_table: pa.Table.from_pylist(list(rows), LOANS.silver_schema)})
    outcome = remove_flagged_customers(job)
    kept = next(table for table in outcome.tables if table.table == LOANS.silver_table)
    return outcome.values[of], job.datamart.read(kept)


def test_a_row_delivered_twice_is_no_conflict(job_factory: JobFactory) -> None:
    assert checked(job_factory, row(), row())[0] == {}


def test_a_correction_of_a_later_day_is_no_conflict(job_factory: JobFactory) -> None:
    later = row(overdue_amt=50.0, snapshot_date=date(2024, 6, 1))
    conflicts, kept = checked(job_factory, later, row())
    assert conflicts == {}
    assert kept["overdue_amt"].to_pylist() == [50.0]


def test_other_values_of_one_key_and_day_are_a_conflict_and_the_last_row_counts(job_factory: JobFactory) -> None:
    rows = [row(paid_amt=80.0), row(paid_amt=90.0), row(paid_amt=70.0), row(installment_num=3)]
    conflicts, kept = checked(job_factory, *rows)
    assert conflicts == {"loan_daily": 1}
    assert kept["paid_amt"].to_pylist() == [70.0, 100.0]
    assert checked(job_factory, *rows[::-1])[1]["paid_amt"].to_pylist() == [100.0, 80.0]


def test_a_value_beside_none_is_no_conflict(job_factory: JobFactory) -> None:
    assert checked(job_factory, row(paid_amt=None), row())[0] == {}


def test_loans_whose_facts_change_are_counted_apart_from_keys(job_factory: JobFactory) -> None:
    rows = [row(loan_id=f"L{loan}", installment_num=number) for loan in range(5) for number in range(3)]
    rows[4] |= {"loan_start_date": date(2024, 2, 1), "tenure": 12}
    rows[8] |= {"loan_amt": 2000.0}
    assert checked(job_factory, *rows, of="changing_loans")[0] == {"loan_daily": 2}
    assert checked(job_factory, *rows)[0] == {}


def test_a_column_that_changes_for_most_loans_is_no_fact_of_them(job_factory: JobFactory) -> None:
    rows = [
        row(loan_id=f"L{loan}", installment_num=number, loan_amt=100.0 * number)
        for loan in range(5)
        for number in range(3)
    ]
    assert checked(job_factory, *rows, of="changing_loans")[0] == {}


def test_whether_a_column_is_a_fact_is_decided_by_the_loans_of_all_buckets() -> None:
    """Of 200 loans 96 change their tenure: fewer than half, though it is more than half in one bucket."""
    first = {"conflicts": {"loan_daily": 2}, CHANGES: {"loan_daily": {"several": 100, "loans": {"tenure": 51}}}}
    other = {
        "conflicts": {},
        CHANGES: {
            "loan_daily": {"several": 100, "loans": {"tenure": 40, "loan_amt tenure": 5, "due_amt loan_amt": 90}}
        },
    }
    assert conflicts_in_all(first) == {"conflicts": {"loan_daily": 2}, "changing_loans": {}}
    whole = conflicts_in_all(summed(first, other))
    assert whole == {"conflicts": {"loan_daily": 2}, "changing_loans": {"loan_daily": 186}}
    assert conflicts_in_all({"conflicts": {}, CHANGES: {}}) == {"conflicts": {}, "changing_loans": {}}


def test_rows_that_are_not_known_yet_are_no_conflict(job_factory: JobFactory) -> None:
    late = date(2030, 1, 1)
    assert checked(job_factory, row(), row(snapshot_date=late, paid_amt=1.0), row(snapshot_date=late))[0] == {}


VALUES = st.lists(st.none() | st.integers(-9, 9) | st.sampled_from([-(2**63), 2**63 - 1]), max_size=30)


@given(VALUES, st.integers(0, 30), st.sampled_from(["numbers", "dates", "texts", "dictionary", "part of a dictionary"]))
def test_equal_values_have_equal_codes(values: list[int | None], cut: int, kind: str) -> None:
    parts = [pa.array(part, pa.int64()) for part in (values[:cut], values[cut:])]
    if kind == "dates":
        parts = [pc.if_else(pc.greater(pc.abs(pc.shift_right(part, 4)), 1), 99, part) for part in parts]
        parts = [part.cast(pa.int32()).cast(pa.date32()) for part in parts]
    elif kind != "numbers":
        parts = [part.cast(pa.string()) for part in parts]
    column = pa.chunked_array(parts)
    if kind == "dictionary":
        column = pa.chunked_array([part.dictionary_encode() for part in parts])
    elif kind == "part of a dictionary":
        other = pa.array([f"other {number}" for number in range(40)])
        column = pa.chunked_array([other, *parts]).dictionary_encode().slice(40)
    codes, size = codes_of(column)
    known = [value for value in column.to_pylist() if value is not None]
    assert len(codes) == len(column)
    assert (codes[pc.is_null(column).to_numpy()] == -1).all()
    assert len(set(known)) <= size
    pairs = [pair for pair in zip(column.to_pylist(), codes.tolist(), strict=True) if pair[0] is not None]
    assert len(set(pairs)) == len(set(known)) == len({code for _, code in pairs})
    assert all(0 <= code < size for _, code in pairs)


PEOPLE = st.lists(st.tuples(st.none() | st.sampled_from("abcdef"), st.booleans()), max_size=12)


@given(PEOPLE, PEOPLE)
def test_customers_of_several_tables_are_counted_once(
    one: list[tuple[str | None, bool]], other: list[tuple[str | None, bool]]
) -> None:
    plain = pa.chunked_array([pa.array([name for name, _ in one], pa.string())])
    encoded = pa.chunked_array([pa.array([name for name, _ in other], pa.string()).dictionary_encode()])
    columns = with_one_dictionary({"one": plain, "other": encoded})
    assert columns["one"].to_pylist() == plain.to_pylist()
    assert columns["other"].to_pylist() == encoded.to_pylist()
    rows = {"one": np.array([there for _, there in one], bool), "other": np.array([there for _, there in other], bool)}
    expected = {name for name, there in (*one, *other) if there and name is not None}
    assert number_of_customers(columns, rows) == len(expected)
