"""Limits on the values of a file: a column with too many unreadable values rejects the file that it came in."""

import re

from jobs.book.columns import Column, Kind, Source
from jobs.bronze.header import declaration_file
from jobs.bronze.locating import line_of
from jobs.errors import InputRejected
from jobs.silver.cleaning import NULL_TEXT, ROUNDED
from jobs.silver.dates import OUT_OF_RANGE
from jobs.silver.numbers import NEGATIVE, TOO_LARGE
from jobs.silver.values import EMPTY, PLACEHOLDER

ABSENT = (EMPTY, PLACEHOLDER, NULL_TEXT)
OTHER_REASONS = (*ABSENT, NEGATIVE, OUT_OF_RANGE, TOO_LARGE)  # null for another reason than that they could not be read
SHOWN = 40
TOLERATED = 1  # a single value rejects no file, however small the file is
MOST_UNDATED = 0.05  # share of rows; joined files have lines of totals and repeated headers


def check_values(
    path: str, source: Source, rows: int, problems: dict[str, dict[str, int]], first: dict[str, str]
) -> None:
    """Raises InputRejected when too many values of a column of a file could not be read, or too many rows have no date.

    `problems` are the rows that became null by column and reason, `first` the first unreadable text of each column.
    """
    for column in source.columns:
        reasons = problems.get(column.name, {})
        if ROUNDED in reasons:
            _reject_rounded(path, source, column, first.get(column.name, ""))
        unreadable = sum(count for reason, count in reasons.items() if reason not in OTHER_REASONS)
        present = rows - sum(reasons.get(reason, 0) for reason in ABSENT)
        if unreadable > max(column.unreadable * present, TOLERATED):
            _reject(path, source, column, (unreadable, present), first.get(column.name, ""), min(reasons))
        lost = sum(reasons.values())
        if column.name == source.known_on and lost > max(MOST_UNDATED * rows, TOLERATED):
            raise InputRejected(
                f"{lost:,} of {rows:,} rows have no date that says when they became known",
                file=path.rpartition("/")[2],
                column=column.label,
                hint="deliver the extract with the dates",
            )


def reject_undecided(path: str, source: Source, name: str, text: str) -> None:
    """Raises InputRejected: the points of a column may separate decimals or thousands, and nothing tells which."""
    column = next(each for each in source.columns if each.name == name)
    where = f"in the dialect of {source.dataset} in {declaration_file(source)}"
    raise InputRejected(
        f"numbers such as {shape(text)!r} may have three decimals or a thousands separator",
        file=path.rpartition("/")[2],
        line=line_of(path, source, name, {text}),
        column=column.label,
        hint=f"declare `exact=True` for decimals, or `decimal_char=','` and `thousands_char='.'`, {where}",
    )


def _reject_rounded(path: str, source: Source, column: Column, text: str) -> None:
    raise InputRejected(
        f"the identifier looks like {shape(text)!r}, a number that a spreadsheet has rounded",
        file=path.rpartition("/")[2],
        line=line_of(path, source, column.name, {text}),
        column=column.label,
        hint="export the column as text",
    )


def _reject(path: str, source: Source, column: Column, counts: tuple[int, int], text: str, reason: str) -> None:
    unreadable, present = counts
    what = "can't be read" if column.kind is not Kind.DATE else "can't be read as dates"
    raise InputRejected(
        f"{unreadable:,} of {present:,} values {what} ({reason}); the first looks like {shape(text)!r}",
        file=path.rpartition("/")[2],
        line=line_of(path, source, column.name, {text}),
        column=column.label,
        hint=_remedy(source, column, text),
    )


def shape(text: str) -> str:
    """What a text looks like, without what it says: digits as 9, letters as a."""
    return re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", text))[:SHOWN]


def _remedy(source: Source, column: Column, text: str) -> str:
    """What to deliver or to declare so that the values can be read."""
    where = f"in the dialect of {source.dataset} in {declaration_file(source)}"
    if column.kind is Kind.DATE:
        return f"declare its form, such as `date_formats=('M/d/yyyy',)`, {where}"
    if "%" in text:
        return "deliver the numbers without a percent sign, in the unit of the earlier files"
    if re.search(r"[0-9][.,' ][0-9]", text):
        if column.kind is not Kind.DECIMAL and re.search(r"[.,][0-9]{1,2}\D*$", text):
            return f"the column holds decimals: declare it as Kind.DECIMAL in {declaration_file(source)}"
        return f"declare `decimal_char` and `thousands_char` {where}"
    return (
        f"deliver numbers, or declare the text in `missing_values` or a larger `unreadable` of the column in "
        f"{declaration_file(source)}"
    )
