"""Silver, first half: bronze rows cleaned column by column. Quality control makes the published tables of them."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.job import Job, TaskResult, log, summed
from jobs.loan_calendar import months_later
from jobs.silver.cleaning import cleaned
from storage.lake.datamart import TableVersion


class Cleaning:
    """The rows of one bronze part on their way through cleaning, with what became null so far."""

    def __init__(self, source: Source, book: Book) -> None:
        self._source, self._book = source, book
        self.rows = 0
        self.problems: dict[str, dict[str, int]] = {}
        self.dates: set[str] = set()

    def tables(self, groups: Iterator[pa.Table]) -> Iterator[pa.Table]:
        """The cleaned rows, a bounded table at a time."""
        yield self._source.silver_schema.empty_table()
        for group in groups:
            result = cleaned(group, self._source)
            self.rows += result.table.num_rows
            self.problems = summed(self.problems, result.problems)
            self.dates |= visibility_dates(result.table, self._source, self._book)
            yield result.table


def visibility_dates(table: pa.Table, source: Source, book: Book) -> set[str]:
    """The days (ISO) from which on something of the table is visible: its rows, predictions and observations."""
    days = [pc.unique(table[source.known_on])]
    if source.silver == book.loan_source:
        starts = pc.unique(table[book.loan_start]).drop_null()
        days += [months_later(starts, book.prediction), months_later(starts, book.observation)]
    return {day.isoformat() for column in days for day in column.to_pylist() if day is not None}


def part_numbers(job: Job) -> list[str]:
    """The parts of a cleaning: one for each part of the bronze table."""
    (bronze,) = job.tables.values()
    return [str(number) for number in range(len(bronze.parts))]


def clean(job: Job) -> TaskResult:
    """One part of the task's bronze table, cleaned."""
    (bronze,) = job.tables.values()
    return cleaned_part(job, bronze, int(job.partition))


def cleaned_part(job: Job, bronze: TableVersion, number: int) -> TaskResult:
    """Part `number` of a bronze table as part `number` of its cleaned table."""
    source = next(source for source in job.book.sources if source.bronze_table == bronze.table)
    cleaning = Cleaning(source, job.book)
    groups = job.datamart.groups(bronze, number, categories=list(source.names))
    staged = job.write(source.staged_table, cleaning.tables(groups), number, sources={bronze.table: bronze.digest})
    staged = TableVersion(staged.table, staged.version, staged.parts, tuple(sorted(cleaning.dates)), staged.sources)
    for column, reasons in sorted(cleaning.problems.items()):
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
        log.info("%s: %s became null", column, counts)
    log.info("%s: %d rows cleaned", source.silver, cleaning.rows)
    return TaskResult(
        rows_in=cleaning.rows,
        rows_out=cleaning.rows,
        tables=(staged,),
        values={"rows": cleaning.rows, "became_null": cleaning.problems},
    )
