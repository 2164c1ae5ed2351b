"""The cleaned tables after quality control at as-of, as features need them: of inference, and of one loan."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.book.declaration import Book
from jobs.gold.labels import number_of_loans
from jobs.job import Job
from jobs.silver.buckets import EVERYBODY, Bucket
from jobs.silver.quality.identity import check_buckets, conflicts
from jobs.silver.quality.report import QualityReport, checked_columns, quality_report
from jobs.silver.quality.statistics import Statistics, columns_with_median, medians_of, newest_day
from jobs.silver.reading import source_rows
from storage.lake.datamart import TableVersion

Columns = Mapping[str, Iterable[str]]  # by silver name
Verdict = tuple[QualityReport, dict[str, Any]]  # the report of a bucket, and its counts


@dataclass(frozen=True)
class CheckedTables:
    """Cleaned tables after quality control at as-of, by silver name: the rows and columns that features need.

    `governed` are the rows that stay, `flagged` those of flagged customers that count at as-of, `why` their reasons by
    customer, `counts` what quality control counted.
    """

    governed: dict[str, pa.Table]
    flagged: dict[str, pa.Table]
    why: Mapping[str, str]
    counts: dict[str, Any]

    def loans(self, book: Book) -> int:
        """The number of loans, those of flagged customers included."""
        return sum(number_of_loans(tables[book.loan_source], book) for tables in (self.governed, self.flagged))


@dataclass(frozen=True)
class AllBuckets:
    """What the features of a bucket need of all buckets: statistics for the governed rows and for the flagged ones."""

    governed: Statistics | None = None
    flagged: Statistics | None = None


def checked_tables(job: Job, staged: Mapping[str, TableVersion], refreshed: Collection[str] = ()) -> CheckedTables:
    """The cleaned tables after quality control at as-of.

    Rows that contradict each other are counted in the datasets that were refreshed.
    """
    checked, read = _checked(job.book), job.book.columns_read
    columns = {source.silver: dict.fromkeys((*checked[source.silver], *read(source))) for source in job.book.sources}
    tables = _tables(job, staged, columns, EVERYBODY)
    report = quality_report(tables, job.as_of, job.book)
    return _divided(tables, report, _counts(job, staged, refreshed, (tables, report), EVERYBODY))


def checked_buckets(
    job: Job, staged: Mapping[str, TableVersion], refreshed: Collection[str], buckets: Sequence[Bucket]
) -> Iterator[tuple[CheckedTables, AllBuckets]]:
    """The same for each bucket in turn, with the statistics of all of them.

    The checked columns are read first, of one bucket after another, then the columns of features. Raises InputRejected
    when a loan has rows of several customers.
    """
    if len(buckets) == 1:
        yield checked_tables(job, staged, refreshed), AllBuckets()
        return
    check_buckets(job, staged[job.book.loan_source], buckets)
    verdicts, both = _verdicts(job, staged, refreshed, buckets)
    columns = {source.silver: job.book.columns_read(source) for source in job.book.sources}
    for bucket, (report, counts) in zip(buckets, verdicts, strict=True):
        yield _divided(_tables(job, staged, columns, bucket), report, counts), both


def _verdicts(
    job: Job, staged: Mapping[str, TableVersion], refreshed: Collection[str], buckets: Sequence[Bucket]
) -> tuple[list[Verdict], AllBuckets]:
    """(the report and the counts of each bucket, the statistics of all)."""
    medians, checked = columns_with_median(job.book), _checked(job.book)
    columns = {name: dict.fromkeys((*checked[name], *medians.get(name, ()))) for name in checked}
    values: dict[tuple[str, str], list[pa.ChunkedArray]] = {}
    verdicts: list[Verdict] = []
    last_governed: list[date] = []
    last_flagged: list[date] = []
    table, day = job.book.outcomes.silver, job.book.outcomes.known_on
    for bucket in buckets:
        tables = _tables(job, staged, columns, bucket)
        report = quality_report(tables, job.as_of, job.book)
        verdicts.append((report, _counts(job, staged, refreshed, (tables, report), bucket)))
        for name, column in ((name, column) for name, names in medians.items() for column in names):
            kept = tables[name][column].filter(pa.array(report.kept[name]))
            values.setdefault((name, column), []).append(kept)
        last_governed += newest_day(tables[table][day].filter(pa.array(report.kept[table])))
        last_flagged += newest_day(tables[table][day].filter(pa.array(report.of_flagged[table])))
        del tables  # before the next bucket is read
    found = medians_of(lambda name, column: values[name, column], job.book)
    return verdicts, AllBuckets(
        Statistics(found, max(last_governed, default=None)), Statistics(found, max(last_flagged, default=None))
    )


def _checked(book: Book) -> dict[str, list[str]]:
    return {source.silver: checked_columns(source, book) for source in book.sources}


def _tables(job: Job, staged: Mapping[str, TableVersion], columns: Columns, bucket: Bucket) -> dict[str, pa.Table]:
    """These columns of the cleaned tables, of the rows of a bucket."""
    return {
        source.silver: source_rows(job, staged[source.silver], source, columns[source.silver], bucket)
        for source in job.book.sources
    }


def _counts(
    job: Job,
    staged: Mapping[str, TableVersion],
    refreshed: Collection[str],
    checked: tuple[Mapping[str, pa.Table], QualityReport],
    bucket: Bucket,
) -> dict[str, Any]:
    """What quality control counts; contradictions in the datasets that were refreshed."""
    tables, report = checked
    rows = {name: table.num_rows for name, table in tables.items()}
    kept = {name: int(mask.sum()) for name, mask in report.kept.items()}
    new = [source for source in job.book.sources if source.dataset in refreshed]
    return report.values(rows, kept) | conflicts(job, staged, tables, new, bucket)


def _divided(tables: Mapping[str, pa.Table], report: QualityReport, counts: dict[str, Any]) -> CheckedTables:
    """The rows that stay and those of flagged customers."""
    kept, flagged = (
        {name: table.filter(pa.array(masks[name])) for name, table in tables.items()}
        for masks in (report.kept, report.of_flagged)
    )
    return CheckedTables(kept, flagged, report.why, counts)
