"""Reading a table that was made before columns were declared."""

from dataclasses import replace

import pyarrow as pa
import pytest

from jobs.silver.buckets import EVERYBODY, Bucket
from jobs.silver.reading import source_rows
from jobs.silver.values import MARKED
from tests.job_factory import JobFactory
from tests.retail import TABLES

PEOPLE = TABLES["attributes"]
ROWS = 40


@pytest.mark.parametrize("of", [1, 4])
def test_a_table_that_has_none_of_the_wanted_columns_has_its_rows(job_factory: JobFactory, of: int) -> None:
    later = replace(PEOPLE, columns=tuple(replace(one, optional=one.name == "Age") for one in PEOPLE.columns))
    job = job_factory.job()
    rows = [{"Customer_ID": f"C{number}"} for number in range(ROWS)]
    table = pa.Table.from_pylist(rows, PEOPLE.silver_schema).drop_columns(["Age"])
    version = job.write(PEOPLE.staged_table, [table])
    buckets = [Bucket(number, of) for number in range(of)] if of > 1 else [EVERYBODY]
    for columns in (["Age"], [MARKED], ["Age", MARKED]):
        found = pa.concat_tables(source_rows(job, version, later, columns, bucket) for bucket in buckets)
        assert (found.column_names, found.num_rows) == (columns, ROWS)
        assert all(column.null_count == ROWS for column in found.columns)
