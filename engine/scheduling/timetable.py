"""The slots of pipelines, in the deployment's time zone. A slot occurs once, also when the clocks change."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.ledger.schedules import Slot
from storage.settings import TIMING, WEEKDAYS

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Timetable:
    """The slots of one pipeline: at the local time `at`, every day or on one weekday (Monday is 0)."""

    pipeline: str
    at: time
    weekday: int | None
    zone: ZoneInfo

    def between(self, after: datetime, until: datetime) -> list[Slot]:
        """The slots that are due after `after` and until `until` (UTC), oldest first."""
        if until <= after:
            return []
        # One more day on each side, because a local time may be on another day in UTC.
        first, last = _local_day(after, self.zone) - DAY, _local_day(until, self.zone) + DAY
        slots = (self._slot(day) for day in self._days(first, last))
        return [slot for slot in slots if after < slot.due_at <= until]

    def next_after(self, moment: datetime, count: int = 1) -> list[Slot]:
        """The first `count` slots that are due after `moment`."""
        return self.between(moment, moment + (count + 2) * (7 * DAY))[:count]

    def _days(self, first: date, last: date) -> Iterator[date]:
        step = DAY
        if self.weekday is not None:
            first += (self.weekday - first.weekday()) % 7 * DAY
            step = 7 * DAY
        while first <= last:
            yield first
            first += step

    def _slot(self, day: date) -> Slot:
        """The slot of a day.

        When the clocks skip its time, the offset before the change is used (02:30 is due when they show 03:30). When
        they show its time twice, the first one is used. The name is the nominal time, so there is one slot.
        """
        nominal = datetime.combine(day, self.at)
        due_at = nominal.replace(tzinfo=self.zone).astimezone(UTC)
        return Slot(f"{self.pipeline}@{nominal:%Y-%m-%dT%H:%M}", self.pipeline, due_at)


def timetable(pipeline: str, timing: str, zone: ZoneInfo) -> Timetable | None:
    """The timetable of a setting such as `sunday 02:00` or `daily 03:00`; None for `off`."""
    match = TIMING.fullmatch(timing)
    if match is None or timing == "off":
        return None
    day, hour, minute = match.groups()
    weekday = None if day == "daily" else WEEKDAYS.index(day)
    return Timetable(pipeline, time(int(hour), int(minute)), weekday, zone)


def nominal_day(slot: str) -> date:
    """The local day in a slot's name."""
    return datetime.fromisoformat(slot.partition("@")[2]).date()


def _local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
