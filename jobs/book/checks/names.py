"""Names: those of datasets, tables, columns, features and candidates become paths, column names and task names."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from jobs.book.checks.finding import Finding, at
from jobs.book.checks.shape import candidates, columns, features, sound, sources, title
from jobs.book.declaration import Book

SAFE = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
LONGEST = 60
ADVICE = f"use letters, digits and underscores, a letter first, at most {LONGEST} characters"
TAKEN = ("inference_features", "scored", "outcomes")  # tables that every book has beside the silver ones
# Columns that gold adds to the features.
MADE = ("prediction_date", "observation_date", "label", "split", "in_arrears", "exposure", "flagged", "flagged_reason")


def name_findings(book: Book) -> Iterator[Finding]:
    """A finding for every name that is not safe, already taken or reserved."""
    yield from _unsafe([(book, "name", "the book's name")])
    for field in ("dataset", "bronze", "silver"):
        yield from _unsafe([(source, field, f"the {field} name") for source in sources(book)])
    for source in sources(book):
        yield from _unsafe([(column, "name", "the column name") for column in columns(source)])
        yield from _repeated_in_files(columns(source))
    yield from _unsafe([(feature, "name", "the feature name") for feature in features(book)])
    yield from _unsafe([(one, "label", "the candidate's name") for one in candidates(book) if sound(one, "estimator")])
    yield from _reserved(book)


def unsafe(name: str) -> bool:
    """Whether a name can't be part of a path, a column name or a task name."""
    return len(name) > LONGEST or not SAFE.fullmatch(name)


def _unsafe(named: Iterable[tuple[Any, str, str]]) -> Iterator[Finding]:
    """Findings about names that have to differ from one another, in small and capital letters alike."""
    taken: dict[str, int] = {}
    for declared, field, what in named:
        name = getattr(declared, field)
        if not isinstance(name, str):
            continue
        if unsafe(name):
            yield at(declared, f"{what} {name!r} is not safe; {ADVICE}")
        elif name.casefold() in taken:
            line = taken[name.casefold()]
            yield at(declared, f"{what} {name} is already taken in line {line}; choose another")
        taken.setdefault(name.casefold(), declared.where.line)


def _repeated_in_files(declared: Iterable[Any]) -> Iterator[Finding]:
    taken: set[str] = set()
    for column in declared:
        if not sound(column, "name", "received"):
            continue
        if column.received and column.label in taken:
            yield at(
                column, f"{title(column)}: another column is received as {column.label!r} too; correct one of them"
            )
        taken.add(column.label)


def _reserved(book: Book) -> Iterator[Finding]:
    reserved = {*MADE, *(name for name in (book.loan_id, book.customer_id, book.loan_start) if isinstance(name, str))}
    for source in sources(book):
        if source.silver in TAKEN:
            yield at(source, f"{title(source)}: every book has a table {source.silver} already; choose another name")
    for feature in features(book):
        if isinstance(feature.name, str) and feature.name in reserved:
            yield at(feature, f"{title(feature)}: every loan has a column of that name already; choose another name")
