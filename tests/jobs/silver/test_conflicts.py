"""Rows that contradict each other are counted by table; the order of rows decides only between them."""

from datetime import date

import pyarrow as pa

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


def test_rows_that_are_not_known_yet_are_no_conflict(job_factory: JobFactory) -> None:
    late = date(2030, 1, 1)
    assert checked(job_factory, row(), row(snapshot_date=late, paid_amt=1.0), row(snapshot_date=late))[0] == {}
