"""The silver tables: cleaned rows up to as-of without those of flagged customers, a bucket of customers at a time."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pyarrow as pa

from jobs.book.columns import Kind, Source
from jobs.job import Job, TaskResult, combined, log
from jobs.silver.buckets import EVERYBODY, Bucket, bucket_of_job, buckets_of_job
from jobs.silver.customers import Mask
from jobs.silver.dialects.orders import check_orders
from jobs.silver.quality.identity import check_buckets, conflicts, conflicts_in_all
from jobs.silver.quality.report import checked_columns, quality_report
from jobs.silver.quality.statistics import statistics_of_tables
from jobs.silver.reading import bucket_rows, source_rows
from jobs.silver.values import MARKED
from storage.lake.datamart import TableVersion

STATISTICS = "statistics"  # the value with what features need to know of the rows of all buckets


def remove_flagged_customers(job: Job) -> TaskResult:
    """The silver tables, or their parts with the customers of the task's bucket."""
    book, bucket, staged = job.book, bucket_of_job(job), _staged(job)
    check_orders({source.dataset: staged[source.silver].date_orders for source in book.sources}, book.sources)
    checked = {source.silver: _checked_rows(job, staged[source.silver], source, bucket) for source in book.sources}
    found = quality_report(checked, job.as_of, book)
    contradicting = conflicts(job, staged, (checked, found.repeating), book.sources, bucket)
    read = {name: table.num_rows for name, table in checked.items()}
    with ThreadPoolExecutor(2) as pool:  # writing Parquet is work for one core; a small book leaves another free
        tables = list(
            pool.map(
                lambda source: _filtered(job, staged[source.silver], found.kept[source.silver], source, bucket),
                book.sources,
            )
        )
    kept = {source.silver: table.rows for source, table in zip(book.sources, tables, strict=True)}
    values = found.values(read, kept) | contradicting
    part = TaskResult(sum(read.values()), sum(kept.values()), values, tables=tuple(tables))
    return _told(job, part) if bucket == EVERYBODY else part


def silver_tables(job: Job, buckets: Sequence[TaskResult]) -> TaskResult:
    """The silver tables of all buckets. InputRejected when a loan has rows in several of them."""
    check_buckets(job, job.table(job.book.loans.staged_table), buckets_of_job(job))
    whole = _told(job, combined(buckets))
    return replace(whole, values={**whole.values, STATISTICS: statistics_of_tables(job, whole.tables).as_json()})


def _staged(job: Job) -> dict[str, TableVersion]:
    return {source.silver: job.table(source.staged_table) for source in job.book.sources}


def _told(job: Job, found: TaskResult) -> TaskResult:
    """The result with the rows that cleaning wrote, counted apart from the masks, so that the accounts check both."""
    staged, values = _staged(job), conflicts_in_all(found.values)
    rows = {name: {**counts, "read": staged[name].rows} for name, counts in values["rows"].items()}
    for reason, count in values["reasons"].items():
        log.info("%d customers flagged: %s", count, reason)
    log.info("%d customers flagged in all", values["flagged"])
    for name, counts in rows.items():
        log.info("%s: %s", name, ", ".join(f"{count} {what}" for what, count in counts.items()))
    read = sum(version.rows for version in staged.values())
    return replace(found, rows_in=read, values={**values, "rows": rows})


def _checked_rows(job: Job, version: TableVersion, source: Source, bucket: Bucket) -> pa.Table:
    """The checked columns, texts with few values as dictionary arrays."""
    columns = checked_columns(source, job.book)
    texts = [name for name in columns if name in source.of_kind(Kind.IDENTIFIER, Kind.CODE)]
    return source_rows(job, version, source, columns, bucket, categories=texts)


def _filtered(job: Job, version: TableVersion, kept: Mask, source: Source, bucket: Bucket) -> TableVersion:
    dates = tuple(day for day in version.dates if day <= job.as_of.isoformat())
    rows = _kept_rows(_groups(job, version, bucket), kept)
    return job.write(source.silver_table, rows, bucket.number, dates=dates, sources={version.table: version.digest})


def _groups(job: Job, version: TableVersion, bucket: Bucket) -> Iterator[pa.Table]:
    if bucket == EVERYBODY:
        return job.datamart.groups(version)
    return bucket_rows(job, version, job.datamart.head(version, 0).column_names, bucket)


def _kept_rows(groups: Iterator[pa.Table], kept: Mask) -> Iterator[pa.Table]:
    start = 0
    for group in groups:
        rows = group.select([name for name in group.column_names if name != MARKED])
        yield rows.filter(pa.array(kept[start : start + group.num_rows]))
        start += group.num_rows
