"""The calendar of a loan: months after its start, and the rows that as-of lets through."""

from __future__ import annotations

from datetime import date
from typing import Any, TypeAlias

from storage.on_use import np, npt, pa, pc

Days: TypeAlias = "npt.NDArray[np.datetime64]"
Floats: TypeAlias = "npt.NDArray[np.float64]"


def months_later(days: Any, months: int) -> pa.Array:
    """The same day of the month `months` later (date32), or that month's last day when it has no such day."""
    values = _days(days)
    start = values.astype("datetime64[M]")
    target = start + months
    last = (target + 1).astype("datetime64[D]") - target.astype("datetime64[D]") - 1
    later = target.astype("datetime64[D]") + np.minimum(values - start.astype("datetime64[D]"), last)
    return pa.array(later, pa.date32(), mask=np.isnat(values))


def months_between(starts: Any, days: Any) -> Floats:
    """In which month after `starts` each of `days` lies: 0 on the day itself, 1 up to one month later; NaN for null.

    Month m ends on the day that `months_later(starts, m)` gives.
    """
    (begin, day_begin), (end, day_end) = _months_and_days(starts), _months_and_days(days)
    months: Floats = end - begin
    months += day_end > day_begin
    return months


def _months_and_days(days: Any) -> tuple[Floats, Floats]:
    """The month of each day, counted from 1970, and the days of that month before it; NaN for null.

    They are looked up for each day of the calendar once where rows are more than days.
    """
    values = _days(days)
    unknown = np.isnat(values)
    numbers = np.where(unknown, 0, values.astype(np.int64))
    first, last = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, 0)
    looked_up = last - first < len(numbers)
    calendar = (np.arange(first, last + 1) if looked_up else numbers).astype("datetime64[D]")
    months = calendar.astype("datetime64[M]")
    parts = (months.astype(np.float64), (calendar - months.astype("datetime64[D]")).astype(np.float64))
    month, day = (np.where(unknown, np.nan, part[numbers - first] if looked_up else part) for part in parts)
    return month, day


def known_by(dates: Any, as_of: date) -> npt.NDArray[np.bool_]:
    """True where a date is not null and not later than as-of."""
    known = pc.less_equal(dates, pa.scalar(as_of, pa.date32()))
    mask: npt.NDArray[np.bool_] = pc.fill_null(known, fill_value=False).to_numpy(zero_copy_only=False)
    return mask


def months_of(days: Any) -> pa.Array:
    """The month (`2024-05`) of each day; null for null."""
    return pc.strftime(days.cast(pa.timestamp("s")), format="%Y-%m")


def day(value: date) -> str:
    """A date in words that no country misreads: `3 May 2026`."""
    return f"{value.day} {value:%b %Y}"


def _days(days: Any) -> Days:
    column = days.combine_chunks() if isinstance(days, pa.ChunkedArray) else days
    values: Days = column.cast(pa.date32()).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    return values
