"""The cleaned tables after quality control at as-of, as features need them: of inference, and of one loan."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from operator import attrgetter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jobs.book.declaration import Book
from jobs.gold.labels import number_of_loans
from jobs.job import Job
from jobs.silver.buckets import EVERYBODY, Bucket
from jobs.silver.customers import Mask
from jobs.silver.quality.identity import check_buckets, conflicts
from jobs.silver.quality.report import QualityReport, checked_columns, quality_report
from jobs.silver.quality.statistics import Statistics, medians_of, newest_day
from jobs.silver.reading import source_groups, source_rows
from storage.lake.datamart import TableVersion

Columns = Mapping[str, Iterable[str]]  # by silver name


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


@dataclass(frozen=True)
class Bits:
    """A boolean mask of `size` rows in an eighth of its bytes."""

    bits: npt.NDArray[np.uint8]
    size: int

    @classmethod
    def of(cls, mask: Mask) -> "Bits":
        return cls(np.packbits(mask), len(mask))

    def mask(self) -> Mask:
        found: Mask = np.unpackbits(self.bits, count=self.size).view(np.bool_)
        return found


@dataclass(frozen=True)
class _Verdict:
    """What quality control says of a bucket: its rows that stay, those of flagged customers and why, and its counts.

    `newest_governed` and `newest_flagged` are the last days of the outcomes of both, if there are any.
    """

    kept: dict[str, Bits]
    flagged: dict[str, Bits]
    why: Mapping[str, str]
    counts: dict[str, Any]
    newest_governed: list[date]
    newest_flagged: list[date]


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
    verdicts = [_verdict(job, staged, refreshed, bucket) for bucket in buckets]
    both = _all_buckets(job, staged, buckets, verdicts)
    for bucket, verdict in zip(buckets, verdicts, strict=True):
        yield _tables_of(job, staged, bucket, verdict), both


def _verdict(job: Job, staged: Mapping[str, TableVersion], refreshed: Collection[str], bucket: Bucket) -> _Verdict:
    """What quality control says of the rows of a bucket, by its checked columns."""
    tables = _tables(job, staged, _checked(job.book), bucket)
    report = quality_report(tables, job.as_of, job.book)
    counts = _counts(job, staged, refreshed, (tables, report), bucket)
    days = tables[job.book.outcomes.silver][job.book.outcomes.known_on]
    kept, flagged = (
        {name: Bits.of(mask) for name, mask in masks.items()} for masks in (report.kept, report.of_flagged)
    )
    newest = [newest_day(days.filter(pa.array(masks[job.book.outcomes.silver].mask()))) for masks in (kept, flagged)]
    return _Verdict(kept, flagged, report.why, counts, newest[0], newest[1])


def _all_buckets(
    job: Job, staged: Mapping[str, TableVersion], buckets: Sequence[Bucket], verdicts: Sequence[_Verdict]
) -> AllBuckets:
    """The statistics of all buckets. Of the columns with a median, one is read at a time."""

    def parts(table: str, name: str) -> Iterator[pa.ChunkedArray]:
        source = job.book.by_table[table]
        for bucket, verdict in zip(buckets, verdicts, strict=True):
            column = source_rows(job, staged[table], source, [name], bucket)[name]
            yield column.filter(pa.array(verdict.kept[table].mask()))

    medians = medians_of(parts, job.book)
    governed, flagged = (
        max((day for verdict in verdicts for day in days(verdict)), default=None)
        for days in (attrgetter("newest_governed"), attrgetter("newest_flagged"))
    )
    return AllBuckets(Statistics(medians, governed), Statistics(medians, flagged))


def _tables_of(job: Job, staged: Mapping[str, TableVersion], bucket: Bucket, verdict: _Verdict) -> CheckedTables:
    """The columns of features of a bucket's rows: those that stay, and those of flagged customers."""
    kept: dict[str, pa.Table] = {}
    flagged: dict[str, pa.Table] = {}
    for source in job.book.sources:
        masks = [verdict.kept[source.silver].mask(), verdict.flagged[source.silver].mask()]
        found: tuple[list[pa.Table], list[pa.Table]] = [], []
        start = 0
        for rows in source_groups(job, staged[source.silver], source, job.book.columns_read(source), bucket):
            for tables, mask in zip(found, masks, strict=True):
                tables.append(rows.filter(pa.array(mask[start : start + rows.num_rows])))
            start += rows.num_rows
        kept[source.silver], flagged[source.silver] = (pa.concat_tables(tables) for tables in found)
    return CheckedTables(kept, flagged, verdict.why, verdict.counts)


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
    return report.values(rows, kept) | conflicts(job, staged, (tables, report.repeating), new, bucket)


def _divided(tables: dict[str, pa.Table], report: QualityReport, counts: dict[str, Any]) -> CheckedTables:
    """The rows that stay and those of flagged customers. Each table leaves `tables`, so that none is held twice."""
    kept: dict[str, pa.Table] = {}
    flagged: dict[str, pa.Table] = {}
    for name in list(tables):
        rows = tables.pop(name)
        kept[name], flagged[name] = (rows.filter(pa.array(masks[name])) for masks in (report.kept, report.of_flagged))
    return CheckedTables(kept, flagged, report.why, counts)
