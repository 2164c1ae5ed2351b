"""The order of day and month is compared across the files of all datasets, in training and in inference."""

from dataclasses import replace

import pyarrow as pa
import pytest

from jobs.book.columns import Source
from jobs.errors import InputRejected
from jobs.job import TaskResult, combined
from jobs.modelling.inference import prepare_inference_data
from jobs.silver.clean import cleaned_part
from jobs.silver.quality.removal import remove_flagged_customers
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import as_json, from_json
from tests.job_factory import JobFactory
from tests.retail import BOOK, TABLES

PROVEN_MONTH_FIRST = ["1/25/2024", "2/14/2024"]
UNPROVEN = ["2/3/2024", "3/5/2024", "4/3/2024"]
PEOPLE, LEDGER = TABLES["attributes"], TABLES["loan_daily"]


def staged(job_factory: JobFactory, source: Source, *files: list[str]) -> TableVersion:
    """The cleaned table of files with these days, a row a day, as the ledger keeps it."""
    job = job_factory.job()
    dates = [name for name in ("snapshot_date", "loan_start_date") if name in source.names]
    parts = []
    for number, days in enumerate(files):
        rows = [dict.fromkeys(source.names, "1") | dict.fromkeys(dates, day) for day in days]
        rows = [row | {"loan_id": day, "installment_num": ""} for row, day in zip(rows, days, strict=True)]
        rows = [{name: row[name] for name in source.names} for row in rows]
        table = pa.Table.from_pylist(rows, source.bronze_schema)
        parts.append(job.datamart.write(source.bronze_table, "b", number, [table]))
    names = {f"data/{source.dataset}_{number}.csv": "hash" for number in range(len(files))}
    bronze = TableVersion(source.bronze_table, "b", tuple(parts), sources=names)
    made = combined([cleaned_part(job, bronze, number) for number in range(len(files))]).tables[0]
    return from_json(as_json(made))


def tables(job_factory: JobFactory, people: TableVersion, ledger: TableVersion) -> dict[str, TableVersion]:
    job = job_factory.job()
    empty = [
        job.write(source.staged_table, [source.silver_schema.empty_table()])
        for source in BOOK.sources
        if source not in (PEOPLE, LEDGER)
    ]
    return {table.table: table for table in (people, ledger, *empty)}


def test_a_new_file_is_compared_with_those_of_datasets_that_did_not_change(job_factory: JobFactory) -> None:
    ledger = staged(job_factory, LEDGER, PROVEN_MONTH_FIRST, ["2/14/2024"])
    given = tables(job_factory, staged(job_factory, PEOPLE, UNPROVEN), ledger)
    told = "features_attributes_0.csv.* may have the day or the month first, and lms_loan_daily_0.csv has the month"
    with pytest.raises(InputRejected, match=told):
        remove_flagged_customers(replace(job_factory.job(), tables=given))
    people = given.pop(PEOPLE.staged_table)
    with pytest.raises(InputRejected, match=told):
        prepare_inference_data(replace(job_factory.job(), tables=given), [TaskResult(tables=(people,))])


@pytest.mark.parametrize(
    ("time", "remedy"),
    [
        ("", "declare `date_formats=('M/d/yyyy',)` for the month first, or `exact=True` for the day first"),
        (
            " 00:00",
            "declare `date_formats=('M/d/yyyy HH:mm',)` for the month first, or `date_formats=('d/M/yyyy HH:mm',)` for",
        ),
    ],
)
def test_the_remedy_reads_the_dates_as_they_are_written(job_factory: JobFactory, time: str, remedy: str) -> None:
    people = staged(job_factory, PEOPLE, [f"{day}{time}" for day in UNPROVEN], [f"1/25/2024{time}"])
    job = replace(job_factory.job(), tables=tables(job_factory, people, staged(job_factory, LEDGER, ["14/2/2024"])))
    with pytest.raises(InputRejected) as rejected:
        remove_flagged_customers(job)
    assert remedy in str(rejected.value)
