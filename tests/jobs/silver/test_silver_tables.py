"""Quality control writes the kept rows of all parts as the silver tables."""

from dataclasses import replace

from jobs.silver.quality.removal import remove_flagged_customers
from storage.lake.datamart import TableVersion
from tests.job_factory import JobFactory
from tests.jobs.silver.good_rows import AS_OF, BEFORE, LATER, book, row, tables
from tests.retail import KEYS


def test_the_silver_tables_are_the_kept_rows_of_all_parts(job_factory: JobFactory) -> None:
    rows = book("good", "bad")
    rows["attributes"][1] |= {"SSN": "none"}
    rows["clickstream"] += [row("clickstream", "good", LATER), row("clickstream", "good", AS_OF)]
    job = job_factory.job({f"staged.{name}": table for name, table in tables(rows).items()}, as_of=AS_OF)
    more = job.datamart.write("staged.clickstream", "given", 1, [tables(book("third", "bad"))["clickstream"]])
    first = job.tables["staged.clickstream"]
    days = (BEFORE.isoformat(), AS_OF.isoformat(), LATER.isoformat())
    versions = {**job.tables, "staged.clickstream": TableVersion(first.table, "given", (*first.parts, more), days)}
    outcome = remove_flagged_customers(replace(job, tables=versions))
    silver = {table.table: job.datamart.read(table) for table in outcome.tables}
    assert set(silver) == {f"silver.{name}" for name in KEYS}
    assert silver["silver.clickstream"]["Customer_ID"].to_pylist() == ["good", "good", "third"]
    assert silver["silver.attributes"].to_pylist() == [rows["attributes"][0] | {"Name": None, "Occupation": None}]
    assert (outcome.rows_in, outcome.rows_out) == (12, 6)
    assert outcome.values["flagged"] == 1
    assert outcome.values["reasons"] == {"SSN invalid": 1}
    clickstream = next(table for table in outcome.tables if table.table == "silver.clickstream")
    assert clickstream.dates == days[:2]
    assert clickstream.sources == {"staged.clickstream": versions["staged.clickstream"].digest}


def test_a_table_without_rows_is_no_reason_to_fail(job_factory: JobFactory) -> None:
    rows = book("good", "bad")
    rows["attributes"][1] |= {"Age": 3}
    rows["clickstream"] = []
    job = job_factory.job({f"staged.{name}": table for name, table in tables(rows).items()}, as_of=AS_OF)
    outcome = remove_flagged_customers(job)
    assert outcome.values["rows"]["clickstream"]["read"] == 0
    assert {table.table: table.rows for table in outcome.tables} == {
        "silver.clickstream": 0,
        "silver.attributes": 1,
        "silver.financials": 1,
        "silver.loan_daily": 1,
    }
