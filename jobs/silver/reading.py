"""Reading the rows of a source, also from a table that was made before some of its columns were declared."""

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa

from jobs.book.columns import Column, Source
from jobs.errors import JobError
from jobs.job import Job
from jobs.silver.buckets import EVERYBODY, Bucket
from jobs.silver.values import MARKED
from storage.lake.datamart import TableVersion


def source_rows(
    job: Job,
    version: TableVersion,
    source: Source,
    columns: Iterable[str],
    bucket: Bucket = EVERYBODY,
    *,
    categories: list[str] | None = None,
) -> pa.Table:
    """These columns of a cleaned table, or of the rows of a bucket.

    `categories`, by default the ids, are dictionary arrays. An optional column that the table does not have is null.
    Raises JobError when another column is missing, or one has another type than it is declared with.
    """
    return pa.concat_tables(source_groups(job, version, source, columns, bucket, categories=categories))


def source_groups(
    job: Job,
    version: TableVersion,
    source: Source,
    columns: Iterable[str],
    bucket: Bucket = EVERYBODY,
    *,
    categories: list[str] | None = None,
) -> Iterator[pa.Table]:
    """The same rows, those of a bucket as tables of limited size; at least one, which may be empty."""
    wanted, categories = list(columns), categories or job.book.ids
    if bucket.of == 1:
        yield _complete(job.datamart.read(version, wanted, categories=categories), version, source, wanted)
        return
    for rows in bucket_rows(job, version, wanted, bucket, categories=categories):
        yield _complete(rows, version, source, wanted)


def _complete(table: pa.Table, version: TableVersion, source: Source, wanted: Sequence[str]) -> pa.Table:
    """The wanted columns, null for an optional one that the table does not have."""
    for name in wanted:
        column = source.column(name)
        if name == MARKED and name not in table.column_names:  # of an earlier release
            table = table.append_column(name, pa.nulls(table.num_rows, pa.string()))
        if column is None:
            continue
        if name in table.column_names:
            _check_type(version, column, table.schema.field(name).type)
            continue
        if not column.optional:
            raise JobError(
                f"{version.table} of run {version.version} has no column {name}, which the book declares now; run "
                "`python -m engine run training` on extracts that have it, or declare it optional."
            )
        table = table.append_column(name, pa.nulls(table.num_rows, column.kind.type))
    return table.select(wanted)


def bucket_rows(
    job: Job, version: TableVersion, columns: Sequence[str], bucket: Bucket, *, categories: Sequence[str] = ()
) -> Iterator[pa.Table]:
    """The rows of a bucket in the table's order, as tables of limited size; at least one, which may be empty."""
    customer = job.book.customer_id
    read = list(dict.fromkeys((*columns, customer)))
    for table in job.datamart.piece(version, bucket.number, bucket.of, read, categories=[*categories, customer]):
        own = bucket.has(table[customer])
        rows = table if own.all() else table.filter(pa.array(own))
        if customer not in categories:  # it was read as a category, whose distinct values are hashed
            rows = rows.set_column(rows.column_names.index(customer), customer, rows[customer].cast(pa.string()))
        yield rows.select([name for name in columns if name in rows.column_names])


def _check_type(version: TableVersion, column: Column, kind: pa.DataType) -> None:
    if (kind.value_type if pa.types.is_dictionary(kind) else kind) != column.kind.type:
        raise JobError(
            f"{version.table} of run {version.version} has column {column.name} as {kind}, and the book declares it as "
            f"{column.kind} now; run `python -m engine run training` on extracts."
        )
