"""How the dates of one file are written, where the book's dialect does not read them.

The decision is made once a column and file, from all of its distinct texts. A declared dialect is never replaced.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from jobs.book.columns import Dialect
from jobs.silver.dates import date_of

DEFAULT = Dialect().date_formats
SERIAL = "serial"  # days since 30 December 1899, as spreadsheets count them
FEWEST_MONTHS = 3  # more months of the year than this tell monthly dates from the days of one month
SHOWN_FORMS = 3
_DAY_AND_MONTH = ("d/M/yyyy", "M/d/yyyy", "yyyy/MM/dd", "d/M/yy", "M/d/yy", "yy/MM/dd")
_NAMED = ("d-MMM-yyyy", "d MMM yyyy", "d/MMM/yyyy", "d-MMM-yy", "d MMM yy", "MMM d, yyyy", "MMM d yyyy")
ORDERS = (*(form.replace("/", mark) for mark in "/.-" for form in _DAY_AND_MONTH), *_NAMED, "yyyyMMdd")
TIMES = (
    *("", " HH:mm", " HH:mm:ss", "THH:mm:ss", "THH:mm", " H:mm", " H:mm:ss", " h:mm a", " h:mm:ss a"),
    *(" HH:mm:ss.SSS", "THH:mm:ss.SSS"),
    # With a zone only midnight is sure: other hours may belong to another day elsewhere.
    *("T00:00:00X", "T00:00:00.000X", " 00:00:00X", " 00:00:00.000X"),
)
_EXCHANGED = re.compile(r"\bd([/.-])M\b|\bM([/.-])d\b")


class Reading(NamedTuple):
    """A form, and the days that a column's texts are in it."""

    form: str
    days: tuple[date, ...]

    @property
    def is_monthly(self) -> bool:
        """Whether all dates lie on one day of several months."""
        return len({day.day for day in self.days}) == 1 and len({day.month for day in self.days}) > FEWEST_MONTHS

    @property
    def is_of_one_month(self) -> bool:
        """Whether all dates lie in one month of the year."""
        return len({day.month for day in self.days}) == 1

    @property
    def years(self) -> int:
        return len({day.year for day in self.days})


def date_dialect(texts: Sequence[str], dialect: Dialect) -> Dialect | None:
    """The dialect that reads the dates of a column, given its distinct texts; the one given when none is sure.

    The declared order of day and month, with a time after it, comes before all others. When it puts all dates of
    several years in one month of the year, and the exchanged order on one day of the month, the exchanged one is right.
    When these dates are of one year, nothing tells which is right, and there is None.
    """
    if dialect.exact or dialect.date_formats != DEFAULT:
        return dialect
    dates = [text for text in texts if any(letter.isdigit() for letter in text)]
    found = readings(dates)
    monthly = [one for one in found if one.is_monthly]
    if len(found) > 1 and len(monthly) == 1 and all(one.is_of_one_month for one in found if one != monthly[0]):
        (chosen,) = monthly
        others = [one for one in found if one != chosen]
        if day_first(chosen.form) or all(one.years > 1 for one in others):
            return replace(dialect, date_formats=(chosen.form,))
        return None
    if found and (len(found) == 1 or found[0].form.startswith(dialect.date_formats)):
        return replace(dialect, date_formats=(found[0].form,))
    return dialect


def readings(dates: Sequence[str]) -> list[Reading]:
    """Every different reading of these texts as dates, the declared order of day and month first."""
    found: dict[tuple[date, ...], Reading] = {}
    for form in [*(f"{order}{time}" for order in ORDERS for time in TIMES), SERIAL] if dates else []:
        days = _days(dates, form)
        if days is not None and days not in found:
            found[days] = Reading(form, days)
    return list(found.values())


def forms_of(text: str) -> list[str]:
    """Some forms that read a text as a date."""
    return [one.form for one in readings([text])][:SHOWN_FORMS]


def day_first(form: str) -> bool:
    """Whether the day stands before the month, both in digits."""
    return bool(re.match(r"d[/.-]M\b", form))


def month_first(form: str) -> bool:
    """Whether the month stands before the day, both in digits."""
    return bool(re.match(r"M[/.-]d\b", form))


def swapped(dialect: Dialect) -> Dialect:
    """The same dialect with day and month exchanged in its date formats."""
    return replace(dialect, date_formats=tuple(_EXCHANGED.sub(_exchange, form) for form in dialect.date_formats))


def order_hint(forms: Sequence[str], exchanged: str, given: str) -> str:
    """What to declare for dates that these forms (day first) read; the other words are what each declaration is for."""
    declared = Dialect(date_formats=tuple(forms))
    as_given = "`exact=True`" if declared.date_formats == DEFAULT else f"`date_formats={declared.date_formats!r}`"
    return f"declare `date_formats={swapped(declared).date_formats!r}` for {exchanged}, or {as_given} for {given}"


def _exchange(found: re.Match[str]) -> str:
    return f"M{found[1]}d" if found[1] else f"d{found[2]}M"


def _days(dates: Sequence[str], form: str) -> tuple[date, ...] | None:
    """The days of the texts in a form; None when one has none."""
    days = []
    for text in dates:
        day = date_of(text, (form,))
        if day is None:
            return None
        days.append(day)
    return tuple(days)
