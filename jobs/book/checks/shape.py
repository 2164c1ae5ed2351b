"""Whether every value of a declaration has the type that its field takes, and the parts of a book that do."""

import types
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from enum import Enum
from functools import cache
from typing import Any, Literal, TypeVar

from jobs.book.checks.finding import Finding, at
from jobs.book.columns import Column, Source
from jobs.book.declaration import Book
from jobs.book.features import BadLoan, Candidate, Computed, Feature, Latest, Segment, Window

T = TypeVar("T")
WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "True or False", type(None): "None"}
REASONS = {"until": ", because a window that ends later would see the future"}
TITLES: Mapping[type, str] = {
    Book: "the book",
    BadLoan: "the bad loan",
    Source: "source",
    Column: "column",
    Candidate: "candidate",
    Segment: "segment",
    Latest: "feature",
    Window: "feature",
    Computed: "feature",
}


def shape_findings(book: Book) -> Iterator[Finding]:
    """A finding for every value that is still `...` or not of the type that its field takes."""
    for declared in declarations(book):
        place = title(declared)
        for name, value in values(declared):
            if not fits(value, hints(declared)[name]):
                yield at(declared, f"{place}: {_complaint(name, value, hints(declared)[name])}")
        if isinstance(declared, Source) and sound(declared, "dialect"):
            for name, value in values(declared.dialect):
                expected = hints(declared.dialect)[name]
                if not fits(value, expected):
                    yield at(declared, f"{place}: {_complaint(f'dialect.{name}', value, expected)}")


def _complaint(name: str, value: Any, hint: Any) -> str:
    if value is ...:
        return f"`{name}` is still `...`; write {words(hint)}"
    if isinstance(value, list | tuple) and ... in value:
        return f"`{name}` still holds `...`; replace it"
    return f"`{name}` is {repr(value)[:80]}; write {words(hint)}{REASONS.get(name, '')}"


def title(declared: Any) -> str:
    """A declaration as findings name it: `column NAME`, `feature NAME`."""
    name = getattr(declared, "dataset" if isinstance(declared, Source) else "name", "")
    if isinstance(declared, Candidate) and sound(declared, "name", "estimator"):
        name = declared.label
    word = TITLES[type(declared)]
    return f"{word} {name}" if isinstance(name, str) and name and word not in ("the book", "the bad loan") else word


def declarations(book: Book) -> Iterator[Any]:
    """The book and every declaration in it that has a place of its own."""
    yield book
    if isinstance(book.bad_loan, BadLoan):
        yield book.bad_loan
    for source in sources(book):
        yield source
        yield from columns(source)
    yield from features(book)
    yield from candidates(book)
    yield from segments(book)


def sources(book: Book) -> list[Source]:
    """The sources of a book that may not be sound yet."""
    return elements(book.sources, Source)


def columns(source: Source) -> list[Column]:
    """The columns of a source that may not be sound yet."""
    return elements(source.columns, Column)


def features(book: Book) -> list[Feature]:
    """The features of a book that may not be sound yet."""
    return [one for one in elements(book.features, object) if isinstance(one, Latest | Window | Computed)]


def candidates(book: Book) -> list[Candidate]:
    """The candidates of a book that may not be sound yet."""
    return elements(book.candidates, Candidate)


def segments(book: Book) -> list[Segment]:
    """The segments of a book that may not be sound yet."""
    return elements(book.segments, Segment)


def elements(value: Any, kind: type[T]) -> list[T]:
    """The elements of that kind; none when the value is no list or tuple."""
    return [one for one in value if isinstance(one, kind)] if isinstance(value, list | tuple) else []


def sound(declared: Any, *names: str) -> bool:
    """Whether these fields hold values of their types, so that they can be checked further."""
    return all(fits(getattr(declared, name), hints(declared)[name]) for name in names)


def values(declared: Any) -> Iterator[tuple[str, Any]]:
    """The fields of a declaration and what they hold, except for its place."""
    yield from ((one.name, getattr(declared, one.name)) for one in fields(declared) if one.name != "where")


def hints(declared: Any) -> dict[str, Any]:
    """The types that the fields of a declaration take."""
    kind: Any = type(declared)
    return _hints(kind)


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of the type, elements included. A whole number is a number; True and False are not."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value is not ...
    if origin is Literal:
        return value in inner
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(fits(one, inner[0]) for one in value)
    if origin in (dict, Mapping):
        pairs = value.items() if isinstance(value, Mapping) else ((..., ...),)
        return all(fits(key, inner[0]) and fits(one, inner[1]) for key, one in pairs)
    if origin is Callable:
        return callable(value)
    if hint in (int, float):
        return isinstance(value, int | hint) and not isinstance(value, bool)
    return isinstance(value, hint)


def words(hint: Any) -> str:
    """The type in words, as the end of `write ...`."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(repr(one) for one in inner)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(words(one) for one in inner)
    if origin is tuple:
        return f"a tuple, each element {words(inner[0])}"
    if origin in (dict, Mapping):
        return f"a dictionary, each value {words(inner[1])}"
    if origin is Callable:
        return "a function"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"a {hint.__name__}, such as {hint.__name__}.{next(iter(hint)).name}"
    return WORDS.get(hint) or (f"a {hint.__name__}" if isinstance(hint, type) else "a value")
