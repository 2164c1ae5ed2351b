"""Sources, their dialects and columns, and the roles that columns play."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jobs.book.checks.finding import Finding, at
from jobs.book.checks.shape import columns, sound, sources, title
from jobs.book.columns import NUMBERS, Column, Kind, Source
from jobs.book.declaration import Book
from storage.on_use import pa, pc

DATE_FORMAT = re.compile(
    r"(d{1,2}([/.-])M{1,2}\2yy(yy)?|M{1,2}([/.-])d{1,2}\4yy(yy)?|yy(yy)?([/.-])M{1,2}\7d{1,2}|yyyyMMdd)"
    r"([ T]HH:mm(:ss)?)?|serial"
)
DELIMITER = re.compile(r"[^A-Za-z0-9\"\r\n\0\x80-\U0010ffff]")
FORMS = "d/M/yyyy, M/d/yyyy, d.M.yyyy or yyyy-MM-dd, with HH:mm:ss after it where files have a time"


def source_findings(book: Book) -> Iterator[Finding]:
    """Findings about roles, keys, dialects and the checks of columns."""
    if not sources(book) and sound(book, "sources"):
        yield at(book, "the book: it has no source; declare at least the one of the loans")
    yield from _roles(book)
    for source in sources(book):
        yield from _dates_and_keys(source)
        yield from _owner(book, source)
        if sound(source, "dialect"):
            yield from _dialect(source)
        for column in columns(source):
            yield from _column(column)


def named(book: Book, silver: object) -> Source | None:
    """The source with that silver name; None when there is none."""
    return next((one for one in sources(book) if one.silver == silver), None)


def column_of(source: Source, name: object) -> Column | None:
    """The column of that name; None when the source has none."""
    return next((one for one in columns(source) if one.name == name), None)


def unfit(source: Source, name: str, *kinds: Kind, always: bool = True) -> str | None:
    """Why a column can't serve where one of these kinds is needed; None when it can.

    A column that is needed `always` must not be optional.
    """
    column = column_of(source, name)
    if column is None:
        return f"{source.dataset} has no column {name!r}; name one that it has"
    if kinds and isinstance(column.kind, Kind) and column.kind not in kinds:
        return f"{name} is of kind {column.kind}; name a column of kind {' or '.join(kinds)}"
    if always and column.optional is True:
        return f"{name} is optional, but every file must have it; name another column or drop `optional`"
    return None


def _roles(book: Book) -> Iterator[Finding]:
    if not sound(book, "loan_source"):
        return
    loans = named(book, book.loan_source)
    if loans is None:
        yield at(book, f"`loan_source` {book.loan_source!r} is no source; write the silver name of one")
        return
    roles = (("loan_id", Kind.IDENTIFIER), ("customer_id", Kind.IDENTIFIER), ("loan_start", Kind.DATE))
    for role, kind in roles:
        if sound(book, role) and (why := unfit(loans, getattr(book, role), kind)):
            yield at(book, f"`{role}`: {why}")
    if sound(book, "exposure") and book.exposure and (why := unfit(loans, book.exposure, *NUMBERS)):
        yield at(book, f"`exposure`: {why}")


def _dates_and_keys(source: Source) -> Iterator[Finding]:
    if sound(source, "cadence") and source.cadence < 1:
        yield at(source, f"{title(source)}: `cadence` is {source.cadence}; write a number of days of at least 1")
    if sound(source, "known_on") and (why := unfit(source, source.known_on, Kind.DATE)):
        yield at(source, f"{title(source)}: `known_on`: {why}")
    if not sound(source, "key"):
        return
    if not source.key:
        yield at(source, f"{title(source)}: `key` is empty; name the columns that tell rows apart")
    for name in source.key:
        if why := unfit(source, name):
            yield at(source, f"{title(source)}: `key`: {why}")


def _owner(book: Book, source: Source) -> Iterator[Finding]:
    owners = [column for name in (book.loan_id, book.customer_id) if (column := column_of(source, name))]
    if not owners and sound(book, "loan_id", "customer_id"):
        told = f"no column {book.loan_id} or {book.customer_id} says whose the rows are; add one of them"
        yield at(source, f"{title(source)}: {told}")
    for column in owners if source.silver != book.loan_source else ():  # the roles are checked there
        if why := unfit(source, column.name, Kind.IDENTIFIER):
            yield at(column, f"{title(column)}: {why}")


def _dialect(source: Source) -> Iterator[Finding]:
    dialect, place = source.dialect, title(source)
    if sound(dialect, "decimal_char") and len(dialect.decimal_char) != 1:
        yield at(source, f"{place}: `decimal_char` is {dialect.decimal_char!r}; write one character")
    if sound(dialect, "delimiter") and not DELIMITER.fullmatch(dialect.delimiter):
        told = "write one ASCII character that is no letter, digit, quote or line end, such as ';'"
        yield at(source, f"{place}: `delimiter` is {dialect.delimiter!r}; {told}")
    if sound(dialect, "thousands_char") and len(dialect.thousands_char) > 1:
        yield at(source, f"{place}: `thousands_char` is {dialect.thousands_char!r}; write one character or ''")
    if sound(dialect, "decimal_char", "thousands_char") and dialect.decimal_char == dialect.thousands_char:
        yield at(source, f"{place}: `decimal_char` and `thousands_char` are both {dialect.decimal_char!r}; change one")
    if sound(dialect, "encoding") and not _known_encoding(dialect.encoding):
        yield at(
            source, f"{place}: the encoding {dialect.encoding!r} is unknown; write one such as 'utf-8' or 'cp1252'"
        )
    if sound(dialect, "date_formats"):
        if not dialect.date_formats:
            yield at(source, f"{place}: `date_formats` is empty; write {FORMS}")
        for form in dialect.date_formats:
            if not DATE_FORMAT.fullmatch(form):
                yield at(source, f"{place}: the date format {form!r} is unknown; write {FORMS}")


def _known_encoding(name: str) -> bool:
    try:
        return bool("a".encode(name))
    except (LookupError, ValueError):
        return False


def _column(column: Column) -> Iterator[Finding]:
    place = title(column)
    if sound(column, "kind"):
        yield from _for_the_kind(column)
    low, high = (getattr(column, name) if sound(column, name) else None for name in ("minimum", "maximum"))
    if low is not None and high is not None and low > high:
        yield at(column, f"{place}: `minimum` is above `maximum`; exchange them")
    if sound(column, "pattern") and column.pattern and not _usable_pattern(column.pattern):
        yield at(column, f"{place}: `pattern` {column.pattern!r} is no regular expression (RE2); correct it")
    if sound(column, "unreadable") and not 0 <= column.unreadable <= 1:
        yield at(column, f"{place}: `unreadable` is {column.unreadable:g}; write a share from 0 to 1")


def _for_the_kind(column: Column) -> Iterator[Finding]:
    text = column.kind.type == pa.string()
    for name, given, usable, what in (
        ("minimum", column.minimum is not None, column.kind in NUMBERS, "numbers"),
        ("maximum", column.maximum is not None, column.kind in NUMBERS, "numbers"),
        ("median", column.median is True, column.kind in NUMBERS, "numbers"),
        ("pattern", column.pattern != "", text, "texts"),
    ):
        if given and not usable:
            told = f"`{name}` is for {what} and the column is of kind {column.kind}; remove it"
            yield at(column, f"{title(column)}: {told}")


def _usable_pattern(pattern: str) -> bool:
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid:
        return False
    return True
