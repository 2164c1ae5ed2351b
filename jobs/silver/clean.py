"""Silver, first half: bronze rows cleaned column by column. Quality control makes the published tables of them."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import NUMBERS, Dialect, Kind, Source
from jobs.book.declaration import Book
from jobs.bronze.header import declaration_file
from jobs.errors import InputRejected
from jobs.job import Job, TaskResult, log, summed
from jobs.profiles.summary import merged_profiles
from jobs.silver.buckets import Shares, shares_of
from jobs.silver.cleaning import OTHER_REASONS, cleaned, nulls_of
from jobs.silver.dialects.date_forms import DEFAULT, swapped
from jobs.silver.dialects.months import FEWEST_ROWS, months_that_fit
from jobs.silver.dialects.number_marks import currencies, description
from jobs.silver.dialects.of_file import other_dialects
from jobs.silver.dialects.orders import PROVEN, UNPROVEN, Order, order_of
from jobs.silver.limits import check_values, reject_currencies, reject_undecided
from jobs.silver.profile import ProfileOfPart
from jobs.silver.staleness import begun_days
from jobs.silver.values import MARKED
from jobs.silver.visible_days import row_days, visibility_dates
from storage.lake.datamart import TableVersion
from storage.lake.received import files_of


class Cleaning:
    """The rows of one bronze part on their way through cleaning, with what became null so far.

    `dialects` are those of columns that are written in another one than the source's.
    """

    def __init__(self, source: Source, book: Book, dialects: Mapping[str, Dialect] | None = None) -> None:
        self._source, self._book, self.dialects = source, book, dict(dialects or {})
        self.rows = 0
        self.problems: dict[str, dict[str, int]] = {}
        self.nulls: dict[str, int] = {}  # by column that has any, counted on the cleaned rows
        self.first: dict[str, str] = {}
        self.days: dict[str, set[date]] = {}
        self.begun: set[date] = set()  # starts of loans that a row of that day or of a later one confirms
        self.months = np.zeros(2, np.int64)  # rows whose date fits their month on book, rows that have both
        self.later_months = np.zeros(2, np.int64)  # the same from the second month on, where exchanged dates show
        self.profile = ProfileOfPart(source)
        self._texts: dict[str, list[pa.Array]] = {}

    def tables(self, groups: Iterator[pa.Table], shares: Shares) -> Iterator[pa.Table]:
        """The cleaned rows, a bounded table at a time, each sorted by its shares."""
        yield self._source.silver_schema.append(pa.field(MARKED, pa.string())).empty_table()
        yield from map(partial(self._table, shares), groups)  # which holds no table that it has given

    def _table(self, shares: Shares, group: pa.Table) -> pa.Table:
        order = shares.order if shares.number > 1 else None
        result = cleaned(group, self._source, self.dialects, order)
        self.rows += result.table.num_rows
        self.problems = summed(self.problems, result.problems)
        self.nulls = summed(self.nulls, nulls_of(result.table, group, self._source))
        self.first = {**result.first, **self.first}
        for name, days in row_days(result.distinct, self._source, self._book).items():
            self.days.setdefault(name, set()).update(days)
        self.begun.update(begun_days(result.table, self._source, self._book))
        of_all, of_later = months_that_fit(result.table, self._source, self._book)
        self.months += of_all
        self.later_months += of_later
        self.profile.add(result.distinct)
        for name, texts in result.texts.items():
            self._texts.setdefault(name, []).append(texts)
        return result.table.append_column(MARKED, result.marks)

    def other_dialects(self) -> dict[str, Dialect | None]:
        """The dialects of columns of this part that the source's does not read; None for a column that is undecided."""
        texts = {name: self._distinct(name) for name in self._texts}
        return other_dialects(self._source, texts, self.unreadable, months_tell=self.months[1] >= FEWEST_ROWS)

    @property
    def unreadable(self) -> set[str]:
        """The columns of which texts could not be read."""
        return {name for name, reasons in self.problems.items() if set(reasons) - set(OTHER_REASONS)}

    def currencies(self) -> dict[str, list[str]]:
        """The currency signs of each column that has several."""
        found = {
            name: currencies(self._distinct(name)) for name in self._source.of_kind(*NUMBERS) if name in self._texts
        }
        return {name: signs for name, signs in found.items() if len(signs) > 1}

    def _distinct(self, name: str) -> pa.Array:
        """The distinct texts of a column of numbers or dates."""
        if len(self._texts[name]) > 1:
            self._texts[name] = [pc.unique(pa.chunked_array(self._texts[name]))]
        return self._texts[name][0]

    def text_with(self, name: str, mark: str) -> str:
        """The first text of a column in which a pattern is found; '' when there is none."""
        texts = self._distinct(name)
        found = texts.filter(pc.match_substring_regex(texts, mark))
        return str(found[0].as_py()) if len(found) else ""

    def date_order(self) -> Order | None:
        """What the dates of this part say of the order of day and month; None where they say nothing of it."""
        names = [name for name in self._source.of_kind(Kind.DATE) if name in self._texts]
        texts = {name: self._distinct(name).to_pylist() for name in names}
        found = order_of(texts, self.dialects, self._source)
        fit, rows = self.later_months.tolist()
        return {"order": PROVEN} if found and found["order"] == UNPROVEN and rows and fit > rows / 2 else found

    @property
    def dates_do_not_fit(self) -> bool:
        """Whether the dates contradict the months on book in most rows, as when day and month are exchanged."""
        fit, rows = self.months.tolist()
        return rows >= FEWEST_ROWS and fit < rows / 2

    @property
    def dates_may_be_exchanged(self) -> bool:
        """Whether the dates of a few rows contradict the months on book, from the second on, in most of them."""
        fit, rows = self.later_months.tolist()
        is_open = not self._source.dialect.exact and self._source.dialect.date_formats == DEFAULT
        return is_open and self.months[1] < FEWEST_ROWS and fit < rows / 2


def part_numbers(job: Job) -> list[str]:
    """The partitions of a cleaning: one for each file of the bronze table."""
    (bronze,) = job.tables.values()
    return [str(number) for number in range(len(files_of(bronze)))]


def clean(job: Job) -> TaskResult:
    """One file of the task's bronze table, cleaned."""
    (bronze,) = job.tables.values()
    return cleaned_part(job, bronze, int(job.partition))


def cleaned_part(job: Job, bronze: TableVersion, number: int) -> TaskResult:
    """File `number` of a bronze table as part `number` of its cleaned table.

    The parts of a large file are cleaned together: what the texts of a column say of the order of day and month, or of
    the decimal mark, is said by the whole file, and a part alone could be read in another way without a sign of it.
    Raises InputRejected when too many values of a column can't be read.
    """
    source, (path, of_file) = _source_of(job, bronze), files_of(bronze)[number]
    cleaning, staged = _cleaned(job, bronze, number)
    staged = replace(staged, dates=visibility_dates(cleaning.days, source, job.book))
    if source.silver == job.book.loan_source:  # the dates of other tables are the days of their rows
        told = cleaning.days | {job.book.loan_start: cleaning.begun}
        days = {name: tuple(sorted(day.isoformat() for day in each)) for name, each in told.items()}
        staged = replace(staged, days=days)
    if order := cleaning.date_order():
        staged = replace(staged, date_orders={path: order})
    formats = {}
    for name, dialect in cleaning.dialects.items():
        column = source.column(name)
        formats[name] = description(dialect, column.kind if column else Kind.TEXT)
        log.warning("%s: %s is written with %s", path.rpartition("/")[2], name, formats[name])
    for name, reasons in sorted(cleaning.problems.items()):
        counts = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        log.info("%s: %d values set to null (%s)", name, sum(reasons.values()), counts)
    log.info("%s: %d rows cleaned", source.silver, staged.rows)
    return TaskResult(
        rows_in=of_file.rows,
        rows_out=staged.rows,
        tables=(staged,),
        values={
            "of_rows": of_file.rows,
            "rows": staged.rows,
            "became_null": cleaning.problems,
            "nulls": cleaning.nulls,
        }
        | ({"formats": {path: formats}} if formats else {}),
        profiles=(cleaning.profile.profile(bronze, cleaning.rows),),
    )


def _cleaned(job: Job, bronze: TableVersion, number: int) -> tuple[Cleaning, TableVersion]:
    """The file in the dialects in which its columns are written. InputRejected has its profile."""
    source, path = _source_of(job, bronze), files_of(bronze)[number].path
    cleaning = Cleaning(source, job.book)
    staged = _written(job, bronze, number, cleaning)
    try:
        if dialects := cleaning.other_dialects():
            for name in [name for name, dialect in dialects.items() if dialect is None]:
                mark = "[0-9]" if name in source.of_kind(Kind.DATE) else "[.]"
                reject_undecided(path, source, name, cleaning.text_with(name, mark))
            cleaning = Cleaning(source, job.book, {name: one for name, one in dialects.items() if one is not None})
            staged = _written(job, bronze, number, cleaning)
        if cleaning.dates_do_not_fit or cleaning.dates_may_be_exchanged:
            cleaning, staged = _with_exchanged_dates(job, bronze, number, cleaning)
        for name, signs in cleaning.currencies().items():
            reject_currencies(path, source, name, signs, cleaning.text_with(name, f"[{signs[-1]}]"))
        check_values(path, source, cleaning.rows, cleaning.problems, cleaning.first)
    except InputRejected as rejected:
        rejected.profiles = merged_profiles([cleaning.profile.profile(bronze, cleaning.rows)])
        raise
    return cleaning, staged


def _source_of(job: Job, bronze: TableVersion) -> Source:
    return next(source for source in job.book.sources if source.bronze_table == bronze.table)


def _written(job: Job, bronze: TableVersion, number: int, cleaning: Cleaning) -> TableVersion:
    """The cleaned file, written while it is cleaned."""
    source = _source_of(job, bronze)
    bronze_part = files_of(bronze)[number].table
    shares = shares_of(bronze_part.rows, job.book)
    tables = cleaning.tables(job.datamart.groups(bronze_part, categories=list(source.names)), shares)
    return job.write(source.staged_table, tables, number, shares.pieces, sources={bronze.table: bronze.digest})


def _with_exchanged_dates(
    job: Job, bronze: TableVersion, number: int, before: Cleaning
) -> tuple[Cleaning, TableVersion]:
    """The file with day and month exchanged in its dates; InputRejected when the dates then fit no better."""
    source = _source_of(job, bronze)
    dates = {name: swapped(before.dialects.get(name, source.dialect)) for name in source.of_kind(Kind.DATE)}
    cleaning = Cleaning(source, job.book, {**before.dialects, **dates})
    staged = _written(job, bronze, number, cleaning)
    if before.dates_may_be_exchanged:
        fit, rows = cleaning.later_months.tolist()
        if fit == rows > 0 and not set(dates) & cleaning.unreadable:
            return cleaning, staged
        cleaning = Cleaning(source, job.book, before.dialects)
        return cleaning, _written(job, bronze, number, cleaning)
    if cleaning.dates_do_not_fit or source.dialect.exact or source.dialect.date_formats != DEFAULT:
        fit, rows = before.months.tolist()
        raise InputRejected(
            f"{rows - fit:,} of {rows:,} rows have a date outside of the month that {job.book.bad_loan.month} says",
            file=files_of(bronze)[number].path.rpartition("/")[2],
            column=source.known_on,
            hint=f"correct the dates, or declare `date_formats` of {source.dataset} in {declaration_file(source)}",
        )
    return cleaning, staged
