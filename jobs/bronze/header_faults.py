"""What is wrong with a header as a whole: another separator, a title before it, other spellings, a nameless column."""

import csv
from collections.abc import Sequence
from contextlib import suppress

from jobs.book.columns import Source

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SHOWN_NAMES = 5
Fault = tuple[str, str]  # what is wrong, what to do


def separator(mark: str) -> str:
    """The name of a separator, in the plural."""
    return DELIMITERS.get(mark, repr(mark))


def fault_of(lines: Sequence[str], source: Source, book: str) -> Fault | None:
    """The fault of a header, given the first lines of its file; None when none of these faults explains it.

    `book` is the file in which the source is declared.
    """
    first = lines[0]
    for mark, words in DELIMITERS.items():
        if mark != source.dialect.delimiter and _is_header(first, source, mark):
            wanted = separator(source.dialect.delimiter)
            advice = (
                f"export it with {wanted}, or declare `delimiter={mark!r}` in the dialect of {source.dataset} in {book}"
            )
            return f"is separated by {words} and not by {wanted}", advice
    for number, line in enumerate(lines[1:], 1):
        if _is_header(line, source, source.dialect.delimiter):
            advice = (
                "remove the line before the header" if number == 1 else f"remove the {number} lines before the header"
            )
            return "has a title line before the header", advice
    names = _names(first, source.dialect.delimiter)
    expected = {column.label for column in source.columns}
    plain = {_plain(label): label for label in expected}
    other = [(name, plain[_plain(name)]) for name in names if name not in expected and _plain(name) in plain]
    if other:
        listed = ", ".join(f"{name!r} for {label!r}" for name, label in other[:SHOWN_NAMES])
        more = f" and {len(other) - SHOWN_NAMES} more" if len(other) > SHOWN_NAMES else ""
        return (
            f"has names that differ only in case or blanks: {listed}{more}",
            f"restore the names, or declare them in {book}",
        )
    if any(not name.strip() for name in names) and expected & set(names):
        return "has a column without a name (an index or a trailing separator)", "remove the column"
    return None


def _is_header(line: str, source: Source, mark: str) -> bool:
    """Whether most of the source's names stand in a line."""
    plain = {_plain(name) for name in _names(line, mark)}
    return 2 * sum(_plain(column.label) in plain for column in source.columns) > len(source.columns)


def _names(line: str, mark: str) -> list[str]:
    with suppress(csv.Error):  # a carriage return inside of the line, or a field that is far too long
        return next(csv.reader([line], delimiter=mark), [])
    return []


def _plain(name: str) -> str:
    return "".join(name.split()).strip("\ufeff").casefold()
