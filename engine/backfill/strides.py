"""The dates of a replay: equal strides of days, weeks, months or years from the first date on."""

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from engine.errors import UnusableRequest

STRIDE = re.compile(r"\s*(?P<count>\d{1,4})?\s*(?P<unit>day|week|month|year)s?\s*", re.IGNORECASE)
MONTHS = {"month": 1, "year": 12}
DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Stride:
    """A number of days, weeks, months or years."""

    count: int
    unit: str

    def __str__(self) -> str:
        return self.unit if self.count == 1 else f"{self.count} {self.unit}s"

    def dates(self, first: date, last: date) -> tuple[date, ...]:
        """Every date from `first` to `last`, both included.

        With months and years, every date has the day of the month of `first`, or the last day of a shorter month.
        """
        dates: list[date] = []
        while (day := self._after(first, len(dates))) is not None and day <= last:
            dates.append(day)
        return tuple(dates)

    def _after(self, first: date, strides: int) -> date | None:
        """The date `strides` strides after `first`; None when it is after Python's last date."""
        try:
            if self.unit in DAYS:
                return first + timedelta(days=strides * self.count * DAYS[self.unit])
            year, month = divmod(first.month - 1 + strides * self.count * MONTHS[self.unit], 12)
            year, month = first.year + year, month + 1
            return date(year, month, min(first.day, calendar.monthrange(year, month)[1]))
        except (OverflowError, ValueError):
            return None


def stride_of(text: str, option: str) -> Stride:
    """The stride of a text such as `month`, `2 weeks`, `10 days`. Raises UnusableRequest for an invalid text."""
    match = STRIDE.fullmatch(text)
    count = int(match["count"] or 1) if match else 0
    if match is None or count == 0:
        raise UnusableRequest(
            f"{option} {text!r} is not a stride; write day, week, month, year, or a number of them such as `2 weeks`."
        )
    return Stride(count, match["unit"].lower())
