"""Limits on the values of a file: a column with too many unreadable values rejects the file that it came in."""

import re
from collections.abc import Sequence

from jobs.book.columns import Column, Kind, Source
from jobs.bronze.header import declaration_file
from jobs.bronze.locating import line_of
from jobs.errors import InputRejected
from jobs.silver.cleaning import ABSENT, OTHER_REASONS, REPEATED_HEADER, ROUNDED
from jobs.silver.dialects.date_forms import day_first, forms_of, order_hint

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
            why = max(set(reasons) - set(OTHER_REASONS), key=lambda reason: (reasons[reason], reason))
            _reject(path, source, column, (unreadable, present), first.get(column.name, ""), why)
        lost = sum(count for reason, count in reasons.items() if reason != REPEATED_HEADER)
        if column.name == source.known_on and lost > max(MOST_UNDATED * rows, TOLERATED):
            raise InputRejected(
                f"{lost:,} of {rows:,} rows have no date that says when they became known",
                file=_name(path),
                column=column.label,
                hint="deliver the extract with the dates",
            )


def reject_undecided(path: str, source: Source, name: str, text: str) -> None:
    """Raises InputRejected: the texts of a column can be read in two ways, and nothing tells which is right.

    `text` is one of them.
    """
    column = next(each for each in source.columns if each.name == name)
    where = f"in the dialect of {source.dataset} in {declaration_file(source)}"
    if column.kind is Kind.DATE:
        what = f"dates such as {shape(text)!r} may be first days of months or days of one month"
        forms = [form for form in forms_of(text) if day_first(form)][:1]
        hint = f"{order_hint(forms, 'months', 'days')}, {where}"
    else:
        what = f"numbers such as {shape(text)!r} may have three decimals or a thousands separator"
        hint = f"declare `exact=True` for decimals, or `decimal_char=','` and `thousands_char='.'`, {where}"
    raise InputRejected(
        what, file=_name(path), line=line_of(path, source, name, {text}), column=column.label, hint=hint
    )


def reject_currencies(path: str, source: Source, name: str, signs: Sequence[str], text: str) -> None:
    """Raises InputRejected: a column has amounts with different currency signs. `text` is one with the last sign."""
    column = next(each for each in source.columns if each.name == name)
    raise InputRejected(
        f"amounts in several currencies, with the signs {' and '.join(signs)}",
        file=_name(path),
        line=line_of(path, source, name, {text}),
        column=column.label,
        hint="deliver the amounts of a column in one currency",
    )


def _name(path: str) -> str:
    """The file's name, as sentences show it."""
    return path.rpartition("/")[2]


def _reject_rounded(path: str, source: Source, column: Column, text: str) -> None:
    raise InputRejected(
        f"the identifier looks like {shape(text)!r}, a number that a spreadsheet has rounded",
        file=_name(path),
        line=line_of(path, source, column.name, {text}),
        column=column.label,
        hint="export the column as text",
    )


def _reject(path: str, source: Source, column: Column, counts: tuple[int, int], text: str, reason: str) -> None:
    unreadable, present = counts
    what = "can't be read" if column.kind is not Kind.DATE else "can't be read as dates"
    raise InputRejected(
        f"{unreadable:,} of {present:,} values {what} ({reason}); the first looks like {shape(text)!r}",
        file=_name(path),
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
        forms = " or ".join(f"`date_formats=({form!r},)`" for form in forms_of(text))
        return f"declare {forms}, {where}" if forms else "deliver the dates as yyyy-MM-dd"
    if "%" in text:
        return "deliver the numbers without a percent sign, in the unit of the earlier files"
    if re.search(r"[0-9][.,' ][0-9]", text):
        if column.kind is not Kind.DECIMAL and re.search(r"[.,][0-9]{1,2}\D*$", text):
            return f"the column holds decimals: declare it as Kind.DECIMAL in {declaration_file(source)}"
        return f"declare `decimal_char` and `thousands_char` {where}"
    if re.search(r"\d.*[^\W\d_]|[^\W\d_].*\d", text):
        return "deliver the numbers without letters"
    return (
        f"deliver numbers, or declare the text in `missing_values` or a larger `unreadable` of the column in "
        f"{declaration_file(source)}"
    )
