"""When pipelines are due: every nominal slot once, however the time between is cut up and whatever the clocks do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.scheduling.timetable import Timetable, nominal_day, timetable
from tests.marks import others_thorough

YEAR = 2026
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
ZONES = st.sampled_from(sorted(available_timezones() - {"localtime", "Factory"}))
TIMES = st.times(max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0, fold=0))
WEEKDAYS = st.none() | st.integers(0, 6)


def year_of(zone: ZoneInfo, year: int = YEAR) -> tuple[datetime, datetime]:
    """The last moment before a local year, and its last moment, in UTC."""
    second = timedelta(seconds=1)
    first, last = datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)
    return first.astimezone(UTC) - second, last.astimezone(UTC) - second


def days_of(weekday: int | None, year: int = YEAR) -> list[date]:
    days = [date(year, 1, 1) + number * DAY for number in range(366)]
    return [day for day in days if day.year == year and weekday in (None, day.weekday())]


@settings(deadline=None)
@given(ZONES, TIMES, WEEKDAYS, st.sampled_from([YEAR, 2011, 1994]), st.lists(st.floats(0, 1), max_size=60))
def test_a_year_has_each_nominal_slot_once_looked_at_in_one_go_or_in_any_pieces(
    name: str, at: time, weekday: int | None, year: int, cuts: list[float]
) -> None:
    zone = ZoneInfo(name)
    table = Timetable("training", at, weekday, zone)
    start, end = year_of(zone, year)
    whole = table.between(start, end)
    edges = [start, *(start + (end - start) * cut for cut in sorted(cuts)), end]
    assert [slot for before, after in pairwise(edges) for slot in table.between(before, after)] == whole
    wanted = [f"training@{day}T{at:%H:%M}" for day in days_of(weekday, year)]
    # A nominal time that the clocks skip at the year's very end falls due in the next one; nothing else may differ.
    assert [slot.name for slot in whole] in (wanted, wanted[:-1])
    assert [slot.due_at for slot in whole] == sorted(slot.due_at for slot in whole)


@settings(deadline=None)
@given(ZONES, TIMES, WEEKDAYS)
def test_a_slot_falls_due_at_its_local_time_or_within_the_change_that_skips_it(
    name: str, at: time, weekday: int | None
) -> None:
    zone = ZoneInfo(name)
    for slot in Timetable("training", at, weekday, zone).between(*year_of(zone)):
        nominal = datetime.combine(nominal_day(slot.name), at)
        shown = slot.due_at.astimezone(zone)
        if shown.replace(tzinfo=None) == nominal:
            assert shown.fold == 0  # of a time that comes twice, the first
        else:
            exists = nominal.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
            assert exists != nominal  # the clocks never show it
            assert timedelta(0) < shown.replace(tzinfo=None) - nominal <= 2 * HOUR


@pytest.mark.parametrize(
    "zone", others_thorough(["Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"])
)
@pytest.mark.parametrize("at", [time(0), time(0, 30), time(2), time(2, 30), time(3)], ids=str)
def test_a_year_looked_at_hour_by_hour_has_every_day_once(zone: str, at: time) -> None:
    table = Timetable("inference", at, None, ZoneInfo(zone))
    moment, end = year_of(table.zone)
    seen = []
    while moment < end:
        after = min(moment + HOUR, end)
        seen += [nominal_day(slot.name) for slot in table.between(moment, after)]
        moment = after
    assert seen == days_of(None)


def test_a_day_that_a_zone_leaves_out_has_its_slot_once_too() -> None:
    """Samoa went from 29 to 31 December 2011; the slot of the 30th falls due on the 31st, beside that day's own."""
    table = Timetable("inference", time(5), None, ZoneInfo("Pacific/Apia"))
    moment, end = year_of(table.zone, 2011)
    seen = []
    while moment < end:
        after = min(moment + HOUR, end)
        seen += [nominal_day(slot.name) for slot in table.between(moment, after)]
        moment = after
    assert sorted(seen) == days_of(None, 2011)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("zone", "at", "day", "due"),
    [
        ("Europe/Berlin", time(2), date(2026, 3, 29), "2026-03-29T01:00"),  # skipped: shown as 03:00
        ("Europe/Berlin", time(2, 30), date(2026, 3, 29), "2026-03-29T01:30"),
        ("Europe/Berlin", time(3), date(2026, 3, 29), "2026-03-29T01:00"),
        ("Europe/Berlin", time(2), date(2026, 10, 25), "2026-10-25T00:00"),  # twice: the first
        ("Europe/Berlin", time(2, 30), date(2026, 10, 25), "2026-10-25T00:30"),
        ("Europe/Berlin", time(3), date(2026, 10, 25), "2026-10-25T02:00"),
        ("America/Santiago", time(0), date(2026, 9, 6), "2026-09-06T04:00"),  # midnight is skipped
        ("America/Santiago", time(0, 30), date(2026, 9, 6), "2026-09-06T04:30"),
        ("America/Santiago", time(23, 30), date(2026, 4, 4), "2026-04-05T02:30"),  # 23:30 comes twice
    ],
)
def test_around_a_change_seen_second_by_second_a_slot_falls_due_once_at_a_known_moment(
    zone: str, at: time, day: date, due: str
) -> None:
    table = Timetable("inference", at, None, ZoneInfo(zone))
    expected = datetime.fromisoformat(due).replace(tzinfo=UTC)
    seen = []
    for second in range(-7200, 7200):
        moment = expected + timedelta(seconds=second)
        seen += table.between(moment - timedelta(seconds=1), moment)
    assert [(nominal_day(slot.name), slot.due_at) for slot in seen] == [(day, expected)]


def test_a_timing_is_read_as_it_was_set() -> None:
    zone = ZoneInfo("Europe/Berlin")
    assert timetable("training", "sunday 02:00", zone) == Timetable("training", time(2), 6, zone)
    assert timetable("inference", "daily 23:59", zone) == Timetable("inference", time(23, 59), None, zone)
    assert timetable("inference", "off", zone) is None


def test_the_next_slots_are_those_after_a_moment() -> None:
    weekly = Timetable("training", time(2), 6, ZoneInfo("UTC"))
    moment = datetime(2026, 11, 29, 2, tzinfo=UTC)  # a Sunday, at the slot's own moment
    names = [slot.name for slot in weekly.next_after(moment, 2)]
    assert names == ["training@2026-12-06T02:00", "training@2026-12-13T02:00"]
    assert weekly.next_after(moment - HOUR)[0].due_at == moment
    assert weekly.between(moment, moment) == []
    assert weekly.between(moment, moment - DAY) == []
