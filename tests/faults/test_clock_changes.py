"""Row 10: days on which the clocks change, in Europe/Berlin and at midnight in America/Santiago; each slot once."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.deployment import Deployment
from tests.faults.slot_probe import SlotProbe
from tests.marks import others_thorough

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
CHANGES = [
    ("Europe/Berlin", "02:00", (2026, 3, 28), (2026, 3, 31)),
    ("Europe/Berlin", "02:30", (2026, 3, 28), (2026, 3, 31)),
    ("Europe/Berlin", "03:00", (2026, 3, 28), (2026, 3, 31)),
    ("Europe/Berlin", "02:00", (2026, 10, 24), (2026, 10, 27)),
    ("Europe/Berlin", "02:30", (2026, 10, 24), (2026, 10, 27)),
    ("Europe/Berlin", "03:00", (2026, 10, 24), (2026, 10, 27)),
    ("America/Santiago", "00:00", (2026, 9, 5), (2026, 9, 8)),
    ("America/Santiago", "00:30", (2026, 9, 5), (2026, 9, 8)),
    ("America/Santiago", "00:00", (2026, 4, 4), (2026, 4, 7)),
    ("America/Santiago", "23:30", (2026, 4, 3), (2026, 4, 6)),
]


@pytest.mark.parametrize(("zone", "at", "first", "last"), others_thorough(CHANGES, kept=3))
def test_a_day_that_changes_the_clocks_has_each_slot_once(
    deployment: Deployment, zone: str, at: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    probe = SlotProbe(deployment, timezone=zone, schedule_inference=f"daily {at}")
    table = probe.tables["inference"]
    now = datetime(*first, 12, tzinfo=table.zone).astimezone(UTC)
    end = datetime(*last, 12, tzinfo=table.zone).astimezone(UTC)
    probe.poll(now)
    requested = []
    while now < end:
        now += 10 * MINUTE
        fate = probe.poll(now)
        if fate is not None:
            assert fate.outcome == "requested"
            requested.append(str(probe.run(str(fate.run_id)).slot))
            probe.end_runs()
    noons = [datetime(*first, 12) + number * DAY for number in range(3)]  # noqa: DTZ001 - local days
    days = [noon.date() if at > "12:00" else (noon + DAY).date() for noon in noons]
    assert requested == [f"inference@{day}T{at}" for day in days]
    assert {row.outcome for row in probe.rows()} == {"requested"}
