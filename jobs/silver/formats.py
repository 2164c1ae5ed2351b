"""How the numbers and dates of one file are written, where the book's dialect does not read them.

The decision is made once a column and file, from all of its distinct texts. What can mean two things is not decided:
its texts stay unreadable, and `jobs.silver.limits` rejects the file. A declared dialect is never replaced.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import Dialect, Kind
from jobs.silver.dates import date_of

DEFAULT = Dialect()
MARKS = tuple(
    (decimal, thousands) for decimal in ".," for thousands in (",", ".", "'", " ", "\u00a0", "") if thousands != decimal
)
_FORMS = ("d/M/yyyy", "M/d/yyyy", "yyyy/MM/dd", "d/M/yy", "M/d/yy", "yy/MM/dd")
ORDERS = (*(form.replace("/", mark) for mark in "/.-" for form in _FORMS), "yyyyMMdd")
TIMES = ("", " HH:mm", " HH:mm:ss", "THH:mm:ss")
FEWEST_MONTHS = 3  # months of the year that tell monthly dates from the days of one month
SERIAL = "serial"  # days since 30 December 1899, as spreadsheets count them
_BODY = re.compile(
    r"[^0-9.,'()+-]*[(+-]?[^0-9.,'()+-]*([0-9](?:[0-9.,' \u00a0]*[0-9])?)[^0-9.,'()+-]*[)-]?[^0-9.,'()+-]*"
)
_FIRST_GROUP = re.compile("[1-9][0-9]{0,2}")
# A point that separates three digits everywhere may be a thousands separator.
_MAY_BE_GROUPED = r"^[^0-9]*[1-9][0-9]{0,2}(\.[0-9]{3})+[^0-9]*$"


def number_dialect(texts: pa.Array, kind: Kind, dialect: Dialect, *, unreadable: bool) -> Dialect | None:
    """The dialect that reads the numbers of a column, given its distinct texts; the one given when no other is sure.

    None when the texts can be read with the given dialect and with another one, and nothing tells which is right.
    `unreadable` says whether the given dialect leaves texts of the column unreadable.
    """
    if dialect.exact or (dialect.decimal_char, dialect.thousands_char) != (
        DEFAULT.decimal_char,
        DEFAULT.thousands_char,
    ):
        return dialect
    in_doubt = _points_may_group(texts)
    if not (unreadable or in_doubt):
        return dialect
    bodies = [match[1] for text in texts.to_pylist() if (match := _BODY.fullmatch(text))]
    whole = kind is not Kind.DECIMAL
    fitting = {marks for marks in MARKS if all(_fits(body, marks, whole=whole) for body in bodies)}
    grouping = {marks for marks in fitting if marks[1] and any(marks[1] in body for body in bodies)}
    proven = {marks for marks in grouping if _is_proven(bodies, marks, fitting)}
    sure = proven or {marks for marks in fitting if not (marks[1] or grouping)}
    chosen = _chosen(sure, bodies)
    if chosen is None:
        return None if in_doubt else dialect
    return replace(dialect, decimal_char=chosen[0], thousands_char=chosen[1])


def _chosen(sure: set[tuple[str, str]], bodies: Sequence[str]) -> tuple[str, str] | None:
    """The one pair of marks that is sure; of pairs that differ in a decimal character without use, the usual one."""
    if len({thousands for _, thousands in sure}) != 1:
        return None
    used = {marks for marks in sure if any(marks[0] in body for body in bodies)} or sure
    usual = {marks for marks in used if marks[0] != ("," if marks[1] != "." else ".")}
    pairs = used if len(used) == 1 else usual
    return next(iter(pairs)) if len(pairs) == 1 else None


def date_dialect(texts: Sequence[str], dialect: Dialect) -> Dialect:
    """The dialect that reads the dates of a column, given its distinct texts; the one given when none is sure.

    The declared order of day and month, with a time after it, comes before all others. When it puts all dates of
    several years in one month of the year, and the exchanged order on one day of the month, the exchanged one is right.
    """
    if dialect.exact or dialect.date_formats != DEFAULT.date_formats:
        return dialect
    dates = [text for text in texts if any(letter.isdigit() for letter in text)]
    exchanged = swapped(dialect)
    if _are_monthly(dates, exchanged) and _are_of_one_month(dates, dialect):
        return exchanged
    declared = [f"{form}{time}" for form in dialect.date_formats for time in TIMES]
    for forms in (declared, [f"{form}{time}" for form in ORDERS for time in TIMES], [SERIAL]):
        fitting = [form for form in forms if dates and all(date_of(text, (form,)) is not None for text in dates)]
        if len({tuple(date_of(text, (form,)) for text in dates) for form in fitting}) == 1:
            return replace(dialect, date_formats=(fitting[0],))
    return dialect


def _are_monthly(dates: Sequence[str], dialect: Dialect) -> bool:
    """Whether all dates lie on one day of several months."""
    days = [date_of(text, dialect.date_formats) for text in dates]
    known = [day for day in days if day is not None]
    return (
        len(known) == len(days)
        and len({day.day for day in known}) == 1
        and len({day.month for day in known}) > FEWEST_MONTHS
    )


def _are_of_one_month(dates: Sequence[str], dialect: Dialect) -> bool:
    """Whether all dates lie in one month of the year, in several years."""
    days = [date_of(text, dialect.date_formats) for text in dates]
    known = [day for day in days if day is not None]
    return len(known) == len(days) and len({day.month for day in known}) == 1 and len({day.year for day in known}) > 1


def swapped(dialect: Dialect) -> Dialect:
    """The same dialect with day and month exchanged in its date formats."""
    forms = (form.replace("d/M", "?").replace("M/d", "d/M").replace("?", "M/d") for form in dialect.date_formats)
    return replace(dialect, date_formats=tuple(forms))


def description(dialect: Dialect, column_kind: Kind) -> str:
    """The dialect of a column in words, for logs and pages."""
    if column_kind is Kind.DATE:
        return f"dates {' or '.join(dialect.date_formats)}"
    thousands = f", thousands character {dialect.thousands_char!r}" if dialect.thousands_char else ""
    return f"decimal character {dialect.decimal_char!r}{thousands}"


def _points_may_group(texts: pa.Array) -> bool:
    """Whether every text with a point looks like a number in groups of three, and no other one has four digits."""
    pointed = texts.filter(pc.match_substring(texts, "."))
    if len(pointed) < 2 or not pc.all(pc.match_substring_regex(pointed, _MAY_BE_GROUPED)).as_py():
        return False
    rest = texts.filter(pc.invert(pc.match_substring(texts, ".")))
    return not pc.any(pc.match_substring_regex(rest, "[0-9]{4}")).as_py()


def _fits(body: str, marks: tuple[str, str], *, whole: bool) -> bool:
    """Whether a number may be written so with this decimal and thousands character."""
    decimal, thousands = marks
    before, _, after = body.partition(decimal)
    if decimal in after or not (after.isdigit() or not after) or (whole and after.strip("0")):
        return False
    if not thousands or thousands not in before:
        return before.isdigit()
    first, *groups = before.split(thousands)
    return bool(_FIRST_GROUP.fullmatch(first)) and all(len(group) == 3 and group.isdigit() for group in groups)


def _is_proven(bodies: Sequence[str], marks: tuple[str, str], fitting: set[tuple[str, str]]) -> bool:
    """Whether the texts prove that the thousands character of `marks` groups digits and is no decimal character.

    Proof is that no reading fits in which it is the decimal character. For a character that is not the usual decimal
    one, it is also proof that no program writes the decimals so: some texts have none, so that trailing zeros are left
    out, and others end in a zero.
    """
    _, thousands = marks
    if not any(decimal == thousands for decimal, _ in fitting):
        return True
    if thousands == DEFAULT.decimal_char:
        return False
    marked = [body for body in bodies if thousands in body]
    plain = [body for body in bodies if thousands not in body]
    return bool(plain) and any(body.endswith("0") for body in marked) and all(len(body) <= 3 for body in plain)
