"""Reading the rows of a source, also from a table that was made before some of its columns were declared."""

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.book.columns import Column, Source
from jobs.errors import JobError
from jobs.job import Job
from jobs.silver.buckets import EVERYBODY, Bucket, buckets_of_rows
from jobs.silver.newest import encoded
from jobs.silver.values import MARKED
from storage.lake.datamart import TableVersion
from storage.lake.pieces import Piece

KNOWN_GROUPS = 8  # row groups, each with 2 MB of buckets at most, that a task or the next one reads again
_known_buckets: dict[tuple[str, int], npt.NDArray[np.uint16]] = {}
_lock = Lock()


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
    rows = pa.concat_tables(source_groups(job, version, source, columns, bucket, categories=categories))
    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):  # one dictionary, which each later step would make anew
            rows = rows.set_column(place, field, pa.chunked_array([encoded(rows.column(place))], field.type))
    return rows


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
    # A table without any of the wanted columns has its rows still.
    read = [*wanted, source.known_on] if all(_may_be_absent(source, name) for name in wanted) else wanted
    if bucket.of == 1:
        yield _complete(job.datamart.read(version, read, categories=categories), version, source, wanted)
        return
    for rows in bucket_rows(job, version, read, bucket, categories=categories):
        yield _complete(rows, version, source, wanted)


def _may_be_absent(source: Source, name: str) -> bool:
    column = source.column(name)
    return name == MARKED or (column is not None and column.optional)


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

    def own_rows(table: pa.Table, group: str) -> pa.Table:
        own = _buckets_of_group(table[customer], group, bucket.of) == bucket.number
        return table if own.all() else table.filter(pa.array(own))

    read = [*(name for name in categories if name in columns), customer]
    piece = Piece(bucket.number, bucket.of, customer, own_rows)
    for rows in job.datamart.piece(version, piece, list(columns), categories=read):
        if customer in rows.column_names and customer not in categories:  # read so that its distinct values are hashed
            yield rows.set_column(rows.column_names.index(customer), customer, rows[customer].cast(pa.string()))
        else:
            yield rows


def _buckets_of_group(ids: pa.ChunkedArray, group: str, number: int) -> npt.NDArray[np.uint16]:
    """The bucket of each row of a row group. Those of the last few groups are known, to every thread."""
    with _lock:
        found = _known_buckets.pop((group, number), None)
    if found is None:
        found = buckets_of_rows(ids, number).astype(np.uint16)
    with _lock:
        _known_buckets[group, number] = found
        while len(_known_buckets) > KNOWN_GROUPS:
            del _known_buckets[next(iter(_known_buckets))]
    return found


def _check_type(version: TableVersion, column: Column, kind: pa.DataType) -> None:
    if (kind.value_type if pa.types.is_dictionary(kind) else kind) != column.kind.type:
        raise JobError(
            f"{version.table} of run {version.version} has column {column.name} as {kind}, and the book declares it as "
            f"{column.kind} now; run `python -m engine run training` on extracts."
        )
