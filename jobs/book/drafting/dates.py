"""Which date formats a column has, and which days its texts mean then."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

_YEAR_FIRST = re.compile(r"((?:19|20)[0-9]{2})([-/.])([0-9]{1,2})\2([0-9]{1,2})([ T][0-9:]{5,8})?")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2((?:19|20)[0-9]{2})([ T][0-9:]{5,8})?")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])")
MONTHS = 12
RARE = 0.01  # a format of fewer values is dirt


class Shape(NamedTuple):
    """How a date is written: where the year stands, between what, and with which time of the day."""

    year: str
    mark: str
    time: str


class Parts(NamedTuple):
    """A text as a date: how it is written, its year, and its month and day in the order in which they stand."""

    shape: Shape
    year: str
    one: str
    two: str


class Found(NamedTuple):
    """The share of texts that look like dates, their formats, and in words what the order of day and month rests on.

    A format is None when day and month cannot be told apart.
    """

    share: float
    formats: tuple[str | None, ...]
    because: str


def formats_of(values: Mapping[str, int]) -> Found:
    """The date formats of a column: its values and how often they occur, blanks and missing values left out."""
    groups: dict[Shape, Counter[tuple[str, str]]] = {}
    for text, count in values.items():
        parts = _parts(text)
        if parts:
            groups.setdefault(parts.shape, Counter())[parts.one, parts.two] += count
    total = max(sum(values.values()), 1)
    usual = {shape: pairs for shape, pairs in groups.items() if sum(pairs.values()) >= RARE * total}
    share = sum(sum(pairs.values()) for pairs in usual.values()) / total
    found = [_format(shape, pairs) for shape, pairs in usual.items()]
    return Found(share, tuple(form for form, _ in found), "; ".join(sorted({why for _, why in found if why})))


def day_of(text: str, formats: tuple[str | None, ...]) -> int | None:
    """The day of a text as an ordinal number; None for what is no date of these formats."""
    parts = _parts(text)
    if not parts:
        return None
    month_first = any(form and form.startswith("M") and parts.shape.mark in form for form in formats)
    day_first = parts.shape.year == "last" and not month_first
    month, day = (parts.two, parts.one) if day_first else (parts.one, parts.two)
    try:
        return date(int(parts.year), int(month), int(day)).toordinal()
    except ValueError:
        return None


def _parts(text: str) -> Parts | None:
    if found := _YEAR_FIRST.fullmatch(text):
        return Parts(Shape("first", found[2], _time(found[5])), found[1], found[3], found[4])
    if found := _YEAR_LAST.fullmatch(text):
        return Parts(Shape("last", found[2], _time(found[5])), found[4], found[1], found[3])
    if found := _COMPACT.fullmatch(text):
        return Parts(Shape("first", "", ""), found[1], found[2], found[3])
    return None


def _time(text: str | None) -> str:
    return "" if not text else text[0] + ("HH:mm" if len(text) < len(" 00:00:00") else "HH:mm:ss")


def _format(shape: Shape, pairs: Counter[tuple[str, str]]) -> tuple[str | None, str]:
    padded = all(len(part) == len("00") for pair in pairs for part in pair)
    day, month = ("dd", "MM") if padded else ("d", "M")
    if shape.year == "first":
        return shape.mark.join(("yyyy", month, day)) + shape.time, ""
    day_first, because = _day_first(shape, pairs)
    if day_first is None:
        return None, because
    order = (day, month) if day_first else (month, day)
    return shape.mark.join((*order, "yyyy")) + shape.time, because


def _day_first(shape: Shape, pairs: Counter[tuple[str, str]]) -> tuple[bool | None, str]:
    ones, twos = {int(one) for one, _ in pairs}, {int(two) for _, two in pairs}
    if max(ones) > MONTHS and max(twos) > MONTHS:
        return None, "both parts pass 12, so day and month change places"
    if max(ones) > MONTHS or max(twos) > MONTHS:
        return max(ones) > MONTHS, f"the {'first' if max(ones) > MONTHS else 'second'} part passes 12, so it is the day"
    if shape.mark == ".":
        return True, "points between the parts, so the day stands first"
    if min(len(ones), len(twos)) == 1 and max(len(ones), len(twos)) > 1:
        constant = "first" if len(ones) == 1 else "second"
        return len(ones) == 1, f"the {constant} part is always the same, so it is the day of months"
    return None, "no part passes 12, so day and month cannot be told apart"
