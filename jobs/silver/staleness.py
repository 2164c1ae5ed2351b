"""The age of the extracts: the newest row of every source on a day, and which sources are stale then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.bronze.header import declaration_file
from storage.lake.datamart import TableVersion
from storage.on_use import pa, pc

State = Literal["fresh", "stale", "unknown"]


@dataclass(frozen=True)
class SourceAge:
    """The age of a source on a day.

    `newest` is the day (ISO) of its newest row up to as-of, None when there is none or when it is not known. The age
    in `days` counts up to the day `until` (ISO). `unknown` is the state of tables that an earlier release made.
    """

    dataset: str
    newest: str | None
    until: str
    days: int | None
    cadence: int
    state: State

    def as_json(self) -> dict[str, Any]:
        """The age as plain JSON types."""
        return asdict(self)


def ages(staged: Mapping[str, TableVersion], book: Book, as_of: date) -> list[SourceAge]:
    """The age of every source on that day, in the order of the book; `staged` are the cleaned tables by name."""
    starts = _days(staged.get(book.loans.staged_table), book.loans, book, book.loan_start)
    last_start = None if starts is None else _newest(starts, as_of)
    return [_age(source, staged.get(source.staged_table), book, (as_of, last_start)) for source in book.sources]


def begun_days(table: pa.Table, source: Source, book: Book) -> set[date]:
    """The starts of loans in rows that are not before them: a mistyped late start is later than the loan's rows."""
    if source.silver != book.loan_source:
        return set()
    starts = table[book.loan_start]
    return set(pc.unique(starts.filter(pc.less_equal(starts, table[source.known_on]))).to_pylist())


def stale_sentences(known: Sequence[SourceAge], book: Book) -> list[str]:
    """What is wrong with each stale source and what to do, the oldest first."""
    stale = [age for age in known if age.state == "stale"]
    return [_sentence(age, book.by_dataset[age.dataset]) for age in sorted(stale, key=lambda age: age.newest or "")]


def _sentence(age: SourceAge, source: Source) -> str:
    told = f"{age.dataset} is stale: it has no row up to {age.until}"
    if age.newest:
        limit = f"more than its cadence of {age.cadence} days"
        told = f"{age.dataset} is stale: its newest row is of {age.newest}, {age.days} days before {age.until}, {limit}"
    return f"{told}; deliver newer extracts, or declare a longer `cadence` in {declaration_file(source)}."


def newest_days(known: Sequence[SourceAge]) -> str:
    """`loans 2024-03-01, ...`: the newest day of every source; `not known` for tables of earlier releases."""
    return ", ".join(f"{age.dataset} {_told(age)}" for age in known)


def _told(age: SourceAge) -> str:
    return age.newest or ("not known" if age.state == "unknown" else "no row")


def _age(source: Source, table: TableVersion | None, book: Book, limits: tuple[date, date | None]) -> SourceAge:
    as_of, last_start = limits
    days = _days(table, source, book, source.known_on)
    until = last_start if source.new_loans_only else as_of
    newest = None if days is None else _newest(days, as_of)
    told = newest.isoformat() if newest else None
    if days is None or until is None:
        return SourceAge(source.dataset, told, as_of.isoformat(), None, source.cadence, "unknown")
    if newest is None:
        return SourceAge(source.dataset, told, until.isoformat(), None, source.cadence, "stale")
    days_old = max((until - newest).days, 0)
    state: State = "stale" if days_old > source.cadence else "fresh"
    return SourceAge(source.dataset, told, until.isoformat(), days_old, source.cadence, state)


def _days(table: TableVersion | None, source: Source, book: Book, column: str) -> tuple[str, ...] | None:
    """The days (ISO) of a column of a cleaned table; None when they are not known."""
    if table is None:
        return None
    # The dates of the loans' table are also those of predictions and outcomes.
    return table.days.get(column) if source.silver == book.loan_source else table.dates


def _newest(days: tuple[str, ...], as_of: date) -> date | None:
    visible = [day for day in days if day <= as_of.isoformat()]
    return date.fromisoformat(max(visible)) if visible else None
