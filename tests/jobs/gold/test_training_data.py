from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from jobs.errors import JobError
from jobs.gold.training_data import gold_feature_engineering, matured
from jobs.job import Job
from jobs.silver.quality.removal import remove_flagged_customers
from storage.lake.datamart import TableVersion
from storage.lake.names import TRAINING_DATA
from tests.job_factory import JobFactory
from tests.retail import KEYS, NEEDED, SAFE15, SOURCES
from tests.sandbox import Sandbox

SCHEMAS = {source.silver: source.silver_schema for source in SOURCES.values()}
AS_OF = date(2024, 9, 1)
START = date(2024, 1, 1)


def staged(sandbox: Sandbox) -> dict[str, pa.Table]:
    return {f"staged.{name}": sandbox.table(f"staged.{name}") for name in KEYS}


def gold(job_factory: JobFactory, tables: dict[str, pa.Table], as_of: date) -> TableVersion:
    """The training data that quality control and feature engineering make of cleaned tables."""
    cleaned = job_factory.job(tables, as_of=as_of)
    silver = {table.table: table for table in remove_flagged_customers(cleaned).tables}
    made, _ = gold_feature_engineering(replace(cleaned, tables=silver)).tables
    return made


def small(job_factory: JobFactory, as_of: date, **tables: list[dict[str, object]]) -> Job:
    """A job whose governed tables hold one customer with one loan, apart from `tables`."""
    common = {"Customer_ID": "c", "snapshot_date": START}
    loan = {"loan_id": "l", "loan_start_date": START, "tenure": 10, "loan_amt": 100}
    rows = {
        "clickstream": [common | {"snapshot_date": date(2023, 12, 1), "fe_10": 4}],
        "attributes": [common | {"Age": 40, "SSN": "123-45-6789"}],
        "financials": [common],
        "loan_daily": [common | loan | {"installment_num": n, "overdue_amt": n // 4} for n in range(7)],
        **tables,
    }
    return job_factory.job(
        {f"silver.{name}": pa.Table.from_pylist(rows[name], SCHEMAS[name]) for name in NEEDED}, as_of=as_of
    )


def test_nothing_later_than_as_of_changes_the_training_data(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    full = staged(trained_sandbox)
    past = {
        name: table.filter(pc.less_equal(table["snapshot_date"], pa.scalar(AS_OF, pa.date32())))
        for name, table in full.items()
    }
    assert all(past[name].num_rows < full[name].num_rows for name in full)
    then = gold(JobFactory(job_factory.folder / "then"), past, AS_OF)
    now = gold(JobFactory(job_factory.folder / "now"), full, AS_OF)
    assert now.digest == then.digest
    assert now.rows > 100


def test_a_loan_is_there_once_its_outcome_is_known(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    rows = job_factory.job().datamart.read(gold(job_factory, staged(trained_sandbox), AS_OF))
    assert pc.max(rows["observation_date"]).as_py() == AS_OF
    assert rows["label"].null_count == 0
    assert pc.count_distinct(rows["loan_id"]).as_py() == rows.num_rows
    assert set(SAFE15) < set(rows.column_names)


@pytest.mark.parametrize(("days", "known"), [(-1, False), (0, True), (1, True)])
def test_the_outcome_is_known_on_the_observation_date(job_factory: JobFactory, days: int, known: bool) -> None:
    observed = date(2024, 7, 1)
    job = small(job_factory, observed + timedelta(days))
    if not known:
        with pytest.raises(JobError, match="on 2024-06-30: the first of 1 loans is due on 2024-07-01; choose a later"):
            gold_feature_engineering(job)
        return
    outcome = gold_feature_engineering(job)
    counts = {"known": 1, "loans": 1, "matured": 1, "defaults": 1, "waiting": 0}
    assert outcome.values == {**counts, "left_out": {}, "unlabelled": {}}
    assert job.datamart.read(outcome.tables[0])["label"].to_pylist() == [1]


def test_a_loan_of_which_no_outcome_was_recorded_does_not_train(job_factory: JobFactory) -> None:
    loan = {"Customer_ID": "c", "snapshot_date": START, "loan_start_date": START}
    job = small(
        job_factory,
        date(2025, 1, 1),
        loan_daily=[
            loan | {"loan_id": "silent", "installment_num": 0, "overdue_amt": 5},
            loan | {"loan_id": "seen", "installment_num": 6, "overdue_amt": 0},
        ],
    )
    outcome = gold_feature_engineering(job)
    assert job.datamart.read(outcome.tables[0])["loan_id"].to_pylist() == ["seen"]
    assert outcome.values["matured"] == 1
    assert outcome.values["loans"] == 2
    assert outcome.values["unlabelled"] == {"no_month_on_record": 1}


def test_loans_without_a_customer_are_counted(job_factory: JobFactory) -> None:
    job = small(job_factory, date(2025, 1, 1))
    ledger = job.read("silver.loan_daily")
    stranger = ledger.set_column(
        ledger.column_names.index("loan_id"), "loan_id", pa.array(["x"] * ledger.num_rows)
    ).set_column(ledger.column_names.index("Customer_ID"), "Customer_ID", pa.array(["?"] * ledger.num_rows))
    both = pa.concat_tables([ledger, stranger])
    version = TableVersion("silver.loan_daily", "b", (job.datamart.write("silver.loan_daily", "b", 0, [both]),))
    outcome = gold_feature_engineering(replace(job, tables={**job.tables, "silver.loan_daily": version}))
    assert outcome.values["left_out"] == {"without_attributes": 1}
    assert outcome.values["known"] == 2
    assert outcome.rows_out == 1


def test_a_book_without_clickstream_has_loans_all_the_same(job_factory: JobFactory) -> None:
    job = small(job_factory, date(2025, 1, 1), clickstream=[])
    (row,) = job.datamart.read(gold_feature_engineering(job).tables[0]).to_pylist()
    assert (row["fe_10_mean"], row["fe_10_std"], row["loan_id"]) == (None, None, "l")


def test_the_training_data_name_what_they_were_made_of(job_factory: JobFactory) -> None:
    job = small(job_factory, date(2025, 1, 1))
    table, _ = gold_feature_engineering(job).tables
    assert table.table == TRAINING_DATA
    assert table.sources == {name: version.digest for name, version in job.tables.items()}


def test_matured_needs_a_date_and_a_label() -> None:
    days = [date(2024, 1, 1), date(2024, 1, 1), None, date(2024, 1, 2)]
    table = pa.table({"observation_date": pa.array(days, pa.date32()), "label": pa.array([0, None, 1, 1], pa.int8())})
    assert matured(table, date(2024, 1, 1))["label"].to_pylist() == [0]


@pytest.mark.parametrize(
    ("rows", "gap"),
    [
        ([{"installment_num": 1, "overdue_amt": 0}], "1 with no month on record; deliver the whole"),
        (
            [{"installment_num": 6, "overdue_amt": None}],
            "1 with an amount or a month that can't be read; correct the amounts and months of",
        ),
        ([{"installment_num": 3, "overdue_amt": 0}], "1 with a record that ends too early; deliver a newer"),
    ],
)
def test_outcomes_that_are_due_and_not_on_record_are_told_by_cause(
    job_factory: JobFactory, rows: list[dict[str, object]], gap: str
) -> None:
    loan = {"Customer_ID": "c", "snapshot_date": START, "loan_start_date": START, "loan_id": "l"}
    with pytest.raises(JobError) as caught:
        gold_feature_engineering(small(job_factory, date(2025, 1, 1), loan_daily=[loan | row for row in rows]))
    told = f"of 1 outcomes that are due none is on record: {gap} lms_loan_daily."
    assert str(caught.value) == f"No loan's outcome is known on 2025-01-01: {told}"
