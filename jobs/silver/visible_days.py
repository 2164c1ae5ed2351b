"""The days on which rows of a table became known, and from which on something of it is visible."""

from collections.abc import Collection, Mapping
from datetime import date

import pyarrow as pa

from jobs.book.columns import Source
from jobs.book.declaration import Book
from jobs.loan_calendar import months_later
from jobs.silver.values import Distinct


def row_days(columns: Mapping[str, Distinct], source: Source, book: Book) -> dict[str, set[date]]:
    """The distinct days on which rows became known, and in the loans' source those on which loans start, by column."""
    names = dict.fromkeys((source.known_on, *([book.loan_start] if source.silver == book.loan_source else [])))
    return {name: set(columns[name].held.to_pylist()) for name in names}


def visibility_dates(days: Mapping[str, Collection[date]], source: Source, book: Book) -> tuple[str, ...]:
    """The days (ISO) from which on something of a table is visible: its rows, predictions and observations."""
    visible = set(days.get(source.known_on, ()))
    if source.silver == book.loan_source:
        starts = pa.array(days.get(book.loan_start, ()), pa.date32())
        for months in (book.prediction, book.observation):
            visible |= set(months_later(starts, months).to_pylist())
    return tuple(sorted(day.isoformat() for day in visible))
