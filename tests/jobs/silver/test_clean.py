from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from jobs.job import TaskResult, combined
from jobs.silver.clean import clean, part_numbers
from jobs.silver.values import MARKED, Distinct
from jobs.silver.visible_days import row_days, visibility_dates
from storage.lake.datamart import TableVersion
from tests.job_factory import JobFactory
from tests.retail import BOOK, SOURCES, TABLES
from tests.sandbox import Sandbox

LOANS = SOURCES["lms_loan_daily"]


def bronze_rows(*rows: dict[str, str]) -> pa.Table:
    return pa.Table.from_pylist([dict.fromkeys(LOANS.names, "") | row for row in rows], LOANS.bronze_schema)


def cleaned(job_factory: JobFactory, *parts: pa.Table) -> tuple[pa.Table, TaskResult, TableVersion]:
    """(cleaned rows, the merged outcome, the bronze version) of a ledger of these parts."""
    job = job_factory.job()
    written = tuple(job.datamart.write("bronze.LMS_loans", "b", n, [part]) for n, part in enumerate(parts))
    bronze = TableVersion("bronze.LMS_loans", "b", written)
    job = replace(job, tables={bronze.table: bronze})
    outcome = combined([clean(job.for_partition(part)) for part in part_numbers(job)])
    return job.datamart.read(outcome.tables[0]), outcome, bronze


def test_texts_become_numbers_and_dates_and_keep_their_place(job_factory: JobFactory) -> None:
    first = bronze_rows(
        {"loan_id": "007", "due_amt": "1000_", "paid_amt": "-5", "loan_start_date": "1/5/2023", "Customer_ID": "a,b"},
        {"loan_id": "8", "due_amt": "?", "loan_start_date": "31/2/2023", "snapshot_date": "1/6/2023"},
    )
    second = bronze_rows({"loan_id": "9", "due_amt": "3", "snapshot_date": "30/11/2023"})
    rows, outcome, bronze = cleaned(job_factory, first, second)
    assert rows.select(LOANS.names).schema.equals(LOANS.silver_schema)
    assert rows[MARKED].to_pylist() == [None, ",due_amt,", None]
    assert rows["loan_id"].to_pylist() == ["007", "8", "9"]
    assert rows["due_amt"].to_pylist() == [1000, None, 3]
    assert rows["paid_amt"].to_pylist() == [-5, None, None]
    assert rows["loan_start_date"].to_pylist() == [date(2023, 5, 1), None, None]
    assert [part.rows for part in outcome.tables[0].parts] == [2, 1]
    assert outcome.tables[0].table == "staged.loan_daily"
    assert outcome.tables[0].sources == {"bronze.LMS_loans": bronze.digest}
    assert (outcome.rows_in, outcome.rows_out) == (3, 3)


def test_what_became_null_is_counted_by_column_and_reason_over_all_parts(job_factory: JobFactory) -> None:
    part = bronze_rows({"loan_id": "1", "due_amt": "?", "tenure": "1,5", "loan_start_date": "31/2/2023"})
    _, outcome, _ = cleaned(job_factory, part, part)
    problems = outcome.values["became_null"]
    assert problems["due_amt"] == {"no number": 2}
    assert problems["tenure"] == {"ambiguous number": 2}
    assert problems["loan_start_date"] == {"no such day": 2}
    assert problems["snapshot_date"] == {"empty": 2}
    assert "loan_id" not in problems


def test_the_dates_are_those_at_which_something_becomes_visible(job_factory: JobFactory) -> None:
    row = {"loan_id": "1", "loan_start_date": "31/8/2023", "snapshot_date": "1/9/2023"}
    _, outcome, _ = cleaned(job_factory, bronze_rows(row, {"loan_id": "2"}), bronze_rows(row))
    assert outcome.tables[0].dates == ("2023-09-01", "2023-11-30", "2024-02-29")
    assert outcome.tables[0].days == {"snapshot_date": ("2023-09-01",), "loan_start_date": ("2023-08-31",)}


def test_a_start_later_than_the_rows_of_the_loan_is_no_day_on_which_loans_begin(job_factory: JobFactory) -> None:
    row = {"loan_id": "1", "loan_start_date": "31/8/2023", "snapshot_date": "1/9/2023"}
    _, outcome, _ = cleaned(job_factory, bronze_rows(row, row | {"loan_id": "2", "loan_start_date": "31/8/2024"}))
    assert outcome.tables[0].days["loan_start_date"] == ("2023-08-31",)
    assert "2025-02-28" in outcome.tables[0].dates


def test_a_table_without_loans_is_dated_by_its_snapshots() -> None:
    days = pa.array([date(2024, 1, 2), None, date(2024, 1, 1), date(2024, 1, 3)], pa.date32())
    attributes = TABLES["attributes"]
    found = row_days({"snapshot_date": Distinct(days, np.array([3, 1, 1, 0]), {})}, attributes, BOOK)
    assert visibility_dates(found, attributes, BOOK) == ("2024-01-01", "2024-01-02")


def test_a_part_without_rows_is_cleaned_too(job_factory: JobFactory) -> None:
    rows, outcome, _ = cleaned(job_factory, bronze_rows(), bronze_rows({"loan_id": "1"}))
    assert rows["loan_id"].to_pylist() == ["1"]
    assert [part.rows for part in outcome.tables[0].parts] == [0, 1]


@pytest.mark.thorough
def test_the_log_counts_and_never_shows_a_value(sandbox: Sandbox) -> None:
    run = sandbox.succeed("training", force=True, data=sandbox.data())
    log = sandbox.log(run, "clean_attributes")
    assert "attributes: " in log
    assert "Occupation: " in log
    assert "_______" not in log
