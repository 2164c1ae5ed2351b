"""Features and feature sets: they read what exists, see no future and can be computed in order."""

import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

from jobs.book.checks.finding import Finding, at
from jobs.book.checks.names import ADVICE, unsafe
from jobs.book.checks.shape import features, sound, title
from jobs.book.checks.sources import column_of, named
from jobs.book.columns import NUMBERS, Column, Kind
from jobs.book.declaration import Book
from jobs.book.features import Computed, Feature, Latest, Window


def feature_findings(book: Book) -> Iterator[Finding]:
    """Findings about features and feature sets."""
    for place, feature in enumerate(features(book)):
        if isinstance(feature, Computed):
            yield from _computed(book, place, feature)
        else:
            yield from _read(book, feature)
    yield from _sets(book)


def _read(book: Book, feature: Latest | Window) -> Iterator[Finding]:
    place = title(feature)
    if isinstance(feature, Window):
        yield from _length(feature)
    if not sound(feature, "source", "column"):
        return
    source = named(book, feature.source)
    if source is None:
        yield at(feature, f"{place}: {feature.source!r} is no source; write the silver name of one")
        return
    column = column_of(source, feature.reads)
    if column is None:
        yield at(feature, f"{place}: {source.dataset} has no column {feature.reads!r}; name one that it has")
    elif isinstance(feature, Window):
        yield from _statistic(feature, column)
    elif feature.hidden is False:
        yield from _kept(feature, column)


def _length(feature: Window) -> Iterator[Finding]:
    """`until` can only be a date on which the lender has not decided yet (a finding about its shape otherwise)."""
    if sound(feature, "months") and feature.months is not None and feature.months <= 0:
        told = f"a window of {feature.months} months would see the future or nothing; write 1 or more, or None"
        yield at(feature, f"{title(feature)}: {told}")


def _statistic(feature: Window, column: Column) -> Iterator[Finding]:
    if not sound(feature, "statistic") or feature.statistic == "count" or not sound(column, "kind"):
        return
    if column.kind not in NUMBERS:
        told = f"{column.name} is of kind {column.kind} and has no {feature.statistic}; use 'count' or a number"
        yield at(feature, f"{title(feature)}: {told}")


def _kept(feature: Latest, column: Column) -> Iterator[Finding]:
    """Models learn from numbers and categories, and personal values are shown nowhere."""
    if column.personal is True:
        yield at(feature, f"{title(feature)}: {column.name} is personal; write `hidden=True` and compute from it")
    elif column.kind in (Kind.DATE, Kind.IDENTIFIER):
        told = f"a model can't learn from the {column.kind} {column.name}; write `hidden=True` and compute from it"
        yield at(feature, f"{title(feature)}: {told}")


def _computed(book: Book, place: int, feature: Computed) -> Iterator[Finding]:
    if sound(feature, "of"):
        if not feature.of:
            yield at(feature, f"{title(feature)}: `of` is empty; name the features that it is computed from")
        for name in feature.of:
            if why := _unready(features(book), place, name):
                yield at(feature, f"{title(feature)}: {why}")
    if not sound(feature, "function"):
        return
    if why := _unusable(feature.function, len(feature.of) if sound(feature, "of") else None):
        yield at(feature, f"{title(feature)}: {why}")


def _unready(declared: list[Feature], place: int, name: str) -> str | None:
    """Why a feature can't be computed from the one of that name; None when it can."""
    if name in [one.name for one in declared[:place]]:
        return None
    if name == declared[place].name:
        return f"it depends on itself; remove {name} from `of`"
    if name in [one.name for one in declared[place + 1 :]]:
        return f"it depends on {name}, which is declared after it; declare {name} first"
    return f"there is no feature {name!r}; declare it before this one, with `hidden=True` if it serves only here"


def _unusable(function: Callable[..., Any], arguments: int | None) -> str | None:
    """Why a function can't be called in another process with so many columns; None when it can."""
    name = getattr(function, "__qualname__", "")
    if name.endswith("<lambda>"):
        return "its function is a lambda; define it with `def` at the top of a module"
    if getattr(sys.modules.get(getattr(function, "__module__", None) or ""), name or "?", None) is not function:
        return f"its function {name or repr(function)} can't be imported by name; define it at the top of a module"
    try:
        signature = inspect.signature(function)
    except ValueError:  # a function in C may not say what it takes
        return None
    try:
        if arguments is not None:
            signature.bind(*[None] * arguments)
    except TypeError:
        return (
            f"its function {name}{signature} can't be called with the {arguments} columns of `of`; change one of them"
        )
    return None


def _sets(book: Book) -> Iterator[Finding]:
    if not sound(book, "feature_sets"):
        return
    if not book.feature_sets:
        yield at(book, "the book: it has no feature set; declare one, such as {'standard': ('income',)}")
    kept = {feature.name: feature.hidden is True for feature in features(book)}
    for name, members in book.feature_sets.items():
        place = f"feature set {name}"
        if unsafe(name):
            yield at(book, f"the feature set's name {name!r} is not safe; {ADVICE}")
        if not members:
            yield at(book, f"{place}: it is empty; name the features of it")
        for member in dict.fromkeys(members):
            if member not in kept:
                yield at(book, f"{place}: there is no feature {member!r}; declare it or remove it from the set")
            elif kept[member]:
                yield at(book, f"{place}: {member} is hidden; remove it from the set, or `hidden` from the feature")
            if members.count(member) > 1:
                yield at(book, f"{place}: {member} is in it {members.count(member)} times; keep one")
