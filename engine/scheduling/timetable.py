"""When pipelines are due: slots in the deployment's time zone, each once across daylight-saving changes."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from storage.ledger.schedules import Slot
from storage.settings import TIMING, WEEKDAYS

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Timetable:
    """The slots of one pipeline: at `at`, local time, on every day or on one weekday (Monday is 0)."""

    pipeline: str
    at: time
    weekday: int | None
    zone: ZoneInfo

    def between(self, after: datetime, until: datetime) -> list[Slot]:
        """The slots that are due after `after` and until `until` (UTC), oldest first."""
        if until <= after:
            return []
        # A day more on either side: a nominal time may lie a day off in UTC.
        first, last = _local_day(after, self.zone) - DAY, _local_day(until, self.zone) + DAY
        slots = (self._slot(day) for day in self._days(first, last))
        return [slot for slot in slots if after < slot.due_at <= until]

    def next_after(self, moment: datetime, count: int = 1) -> list[Slot]:
        """The first `count` slots that are due after a moment."""
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

        A time that the clocks skip is read with the offset before the change (02:30 is due when they show 03:30). Of a
        time that they show twice, the first counts. The name is the nominal time, so there is one slot either way.
        """
        nominal = datetime.combine(day, self.at)
        due_at = nominal.replace(tzinfo=self.zone).astimezone(UTC)
        return Slot(f"{self.pipeline}@{nominal:%Y-%m-%dT%H:%M}", self.pipeline, due_at)


def timetable(pipeline: str, timing: str, zone: ZoneInfo) -> Timetable | None:
    """The timetable that a setting such as `sunday 02:00` or `daily 03:00` describes; None for `off`."""
    found = TIMING.fullmatch(timing)
    if found is None or timing == "off":
        return None
    day, hour, minute = found.groups()
    weekday = None if day == "daily" else WEEKDAYS.index(day)
    return Timetable(pipeline, time(int(hour), int(minute)), weekday, zone)


def nominal_day(slot: str) -> date:
    """The local day of a slot's name."""
    return datetime.fromisoformat(slot.partition("@")[2]).date()


def _local_day(moment: datetime, zone: ZoneInfo) -> date:
    return moment.astimezone(zone).date()
