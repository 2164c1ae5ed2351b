"""Received texts turned into dates, by the formats that the book declares."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache

import pyarrow as pa

from jobs.silver.values import EMPTY, Values, patched

NO_SUCH_DAY = "no such day"
OUT_OF_RANGE = "year out of range"
AMBIGUOUS = "ambiguous date"
NO_DATE = "not "  # before the formats
YEARS = range(1900, 2200)
FIRST_SERIAL = date(1899, 12, 30)
LAST_SHORT_YEAR = 69  # 70 and later may be of the last century
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_FIELDS = {
    "yyyy": "(?P<year>[0-9]{4})",
    "yy": "(?P<short>[0-9]{2})",
    "MMM": "(?P<name>(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    "|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?))",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "dd": "(?P<day>[0-9]{2})",
    "d": "(?P<day>[0-9]{1,2})",
    "HH": "(?:[01][0-9]|2[0-3])",
    "H": "(?:[01]?[0-9]|2[0-3])",
    "h": "(?:0?[1-9]|1[0-2])",
    "mm": "[0-5][0-9]",
    "ss": "[0-5][0-9]",
    "SSS": "[0-9]{1,9}",
    "a": "[AaPp][Mm]",
    "X": "(?:Z| ?UTC|[+-]00:?00)",
    "serial": r"(?P<serial>[0-9]{5})(?:\.0+)?",
}
_TOKEN = re.compile("serial|yyyy|yy|MM?M?|dd?|HH?|h|mm|SSS|ss|a|X|.")


def dates(texts: pa.Array, formats: Sequence[str]) -> Values:
    """Dates (date32) of the proleptic Gregorian calendar.

    A text is null when no format fits it, or when two formats read two different days out of it.
    """
    places = list(range(len(texts)))
    results = [_date(text, tuple(formats)) for text in texts.to_pylist()]
    return patched(pa.nulls(len(texts), pa.date32()), len(texts), places, results)


def not_a_date(formats: Sequence[str]) -> str:
    """The reason for a text that no format fits."""
    return f"{NO_DATE}{' or '.join(formats)}"


def date_of(text: str, formats: Sequence[str]) -> date | None:
    """The date of a text; None when there is none."""
    found = _date(text, tuple(formats))
    return found if isinstance(found, date) else None


def _date(text: str, formats: tuple[str, ...]) -> date | str:
    """The date of a text, or the reason why there is none."""
    matches = [match for form in formats if (match := _pattern(form).fullmatch(text.strip()))]
    if not matches:
        return not_a_date(formats) if text.strip() else EMPTY
    if any(int(match.groupdict().get("short") or 0) > LAST_SHORT_YEAR for match in matches):
        return AMBIGUOUS
    days = {day for match in matches if (day := _day(match.groupdict())) is not None}
    if len(days) > 1:
        return AMBIGUOUS
    if not days:
        return NO_SUCH_DAY
    day = days.pop()
    return day if day.year in YEARS else OUT_OF_RANGE


def _day(fields: Mapping[str, str]) -> date | None:
    """The day of a match; None when the calendar has no such day. Two digits are a year of this century, up to 69."""
    if "serial" in fields:
        return FIRST_SERIAL + timedelta(days=int(fields["serial"]))
    month = int(fields["month"]) if "month" in fields else MONTHS.index(fields["name"][:3].lower()) + 1
    try:
        return date(int(fields.get("year") or f"20{fields['short']}"), month, int(fields["day"]))
    except ValueError:
        return None


@cache
def _pattern(form: str) -> re.Pattern[str]:
    return re.compile("".join(_FIELDS.get(token) or re.escape(token) for token in _TOKEN.findall(form)))
