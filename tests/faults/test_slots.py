"""Rows 6, 8 and 9: manual runs at a slot's moment, runs that overlap, and clocks that jump."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.scheduling.slots import MOST_CATCH_UP
from tests.faults.counts import Count
from tests.faults.slot_probe import SlotProbe

START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def probe(deployment: Deployment) -> SlotProbe:
    made = SlotProbe(deployment)
    assert made.look_at_all(START) == []
    return made


def test_a_slot_waits_for_a_manual_run_and_then_both_are_recorded(probe: SlotProbe) -> None:
    manual = probe.manual()
    due = datetime(2026, 3, 3, 3, tzinfo=UTC)
    waits = probe.poll(due)
    assert waits is not None
    assert (waits.outcome, waits.run_id) == ("waiting", None)
    assert manual in waits.reason
    assert probe.slot("inference@2026-03-03T03:00").outcome == "waiting"
    probe.poll(due + 60 * MINUTE)
    assert probe.runs_of_slots() == []
    probe.end_runs()
    requested = probe.poll(due + 61 * MINUTE)
    assert requested is not None
    assert requested.outcome == "requested"
    assert probe.run(manual).state == "succeeded"
    run = probe.run(str(requested.run_id))
    assert (run.state, run.cause, run.slot) == ("queued", "schedule", "inference@2026-03-03T03:00")
    assert (run.as_of, run.requested_by) == (due.date(), "scheduler")
    assert probe.poll(due + 62 * MINUTE) is None
    assert [(row.slot, row.outcome, row.run_id) for row in probe.rows()] == [(run.slot, "requested", run.run_id)]


def test_a_slot_that_waits_falls_due_again_when_the_clock_was_set_back_and_still_gets_its_run(probe: SlotProbe) -> None:
    probe.manual()
    due = datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert probe.poll(due) is not None
    assert probe.poll(due - MINUTE) is None  # another scheduler, whose clock is behind, or the same one's was set back
    probe.poll(due)
    probe.end_runs()
    requested = probe.poll(due + MINUTE)
    assert requested is not None
    assert (requested.outcome, probe.runs_of_slots()) == ("requested", ["inference@2026-03-03T03:00"])


def test_a_slot_that_waits_until_the_next_falls_due_is_skipped_and_the_next_waits(probe: SlotProbe) -> None:
    probe.manual()
    probe.poll(datetime(2026, 3, 3, 3, tzinfo=UTC))
    probe.poll(datetime(2026, 3, 4, 3, tzinfo=UTC))
    assert probe.slot("inference@2026-03-03T03:00").outcome == "skipped"
    assert probe.slot("inference@2026-03-04T03:00").outcome == "waiting"
    probe.end_runs()
    probe.poll(datetime(2026, 3, 4, 5, tzinfo=UTC))
    assert probe.runs_of_slots() == ["inference@2026-03-04T03:00"]


def test_a_slot_that_falls_due_while_the_last_scheduled_run_is_active_is_skipped_and_recorded(probe: SlotProbe) -> None:
    first = probe.poll(datetime(2026, 3, 3, 3, tzinfo=UTC))
    second = probe.poll(datetime(2026, 3, 4, 3, tzinfo=UTC))
    assert first is not None
    assert second is not None
    assert second.outcome == "skipped"
    assert str(first.run_id) in second.reason
    skipped = probe.run(str(second.run_id))
    assert (skipped.state, skipped.slot, skipped.cause) == ("skipped", "inference@2026-03-04T03:00", "schedule")
    assert skipped.error["message"] == second.reason
    assert skipped.finished_at is not None
    row = probe.slot("inference@2026-03-04T03:00")
    assert (row.outcome, row.reason, row.run_id) == ("skipped", second.reason, second.run_id)
    assert probe.poll(datetime(2026, 3, 4, 3, 1, tzinfo=UTC)) is None
    probe.end_runs()
    assert probe.poll(datetime(2026, 3, 4, 3, 2, tzinfo=UTC)) is None  # what was skipped stays so
    third = probe.poll(datetime(2026, 3, 5, 3, tzinfo=UTC))
    assert third is not None
    assert third.outcome == "requested"


@pytest.mark.parametrize("outcome", ["requested", "skipped", "paused"])
def test_what_became_of_a_slot_stays_when_the_clock_was_set_back_and_it_falls_due_again(
    probe: SlotProbe, outcome: str
) -> None:
    due = datetime(2026, 3, 3, 3, tzinfo=UTC)
    if outcome == "skipped":
        probe.poll(due)
        due += DAY
    if outcome == "paused":
        runs.pause_schedule(probe.deployment, "inference", "a reason")
    fate = probe.poll(due)
    assert fate is not None
    assert fate.outcome == outcome
    before = probe.rows()
    probe.end_runs()
    if outcome == "paused":
        runs.resume_schedule(probe.deployment, "inference")
    for moment in (due - MINUTE, due, due - DAY, due + MINUTE):
        assert probe.poll(moment) is None
    assert probe.rows() == before


JUMPS = (DAY, YEAR, 30 * YEAR, -DAY, -YEAR, -30 * YEAR, 2 * DAY, -2 * DAY, YEAR, -YEAR, 3 * DAY, -DAY, DAY, -DAY)


@pytest.mark.thorough
def test_a_clock_that_jumps_makes_one_run_at_most_and_every_slot_that_comes_then_gets_its_own(
    probe: SlotProbe, counted: Count
) -> None:
    now, most = START, 0
    for jump in JUMPS:
        now += jump
        outcomes = [*probe.look_at_all(now), *probe.look_at_all(now + MINUTE)]
        probe.end_runs()
        assert len({name for name, _ in outcomes}) == len(outcomes)
        assert {outcome for _, outcome in outcomes} <= {"requested"}
        most = max(most, len(outcomes))
        assert probe.look_at_all(now + 2 * MINUTE) == []  # no storm
    now += 30 * DAY  # beyond everything that was requested ahead of its time by a few days
    probe.look_at_all(now)
    probe.end_runs()
    before = set(probe.runs_of_slots())
    for _ in range(14 * 24):
        now += timedelta(hours=1)
        probe.look_at_all(now)
        probe.end_runs()
    new = Counter(name.partition("@")[0] for name in set(probe.runs_of_slots()) - before)
    assert new == {"training": 2, "inference": 14, "monitoring": 14}  # no stall
    every = [row.slot for row in probe.rows()]
    assert len(every) == len(set(every))
    counted(f"row 9: {len(JUMPS)} jumps, at most {most} runs after one (3 pipelines); {len(every)} slots recorded once")


@pytest.mark.parametrize("jump", [DAY, YEAR, 30 * YEAR], ids=["day", "year", "thirty years"])
def test_slots_that_nobody_saw_are_recorded_as_missed_and_the_newest_is_caught_up_with(
    probe: SlotProbe, jump: timedelta
) -> None:
    now = START + jump
    due = probe.tables["inference"].between(max(START, now - MOST_CATCH_UP), now)
    fate = probe.poll(now)
    assert fate is not None
    assert fate.outcome == "requested"
    assert probe.runs_of_slots() == [due[-1].name]
    assert {row.slot: row.outcome for row in probe.rows()} == {
        slot.name: "requested" if slot == due[-1] else "missed" for slot in due
    }
    if len(due) > 1:
        assert f"{now:%Y-%m-%d}" in probe.slot(due[0].name).reason


def test_what_a_clock_ahead_of_its_time_had_missed_gets_its_run_when_it_really_comes(probe: SlotProbe) -> None:
    probe.poll(START + 10 * DAY)
    probe.end_runs()
    assert probe.slot("inference@2026-03-05T03:00").outcome == "missed"
    probe.poll(START)
    for number in range(1, 12):
        probe.poll(START + number * DAY)
        probe.end_runs()
    assert probe.runs_of_slots() == [f"inference@2026-03-{day:02}T03:00" for day in range(3, 14)]


def test_a_changed_time_zone_does_not_stop_the_schedule(deployment: Deployment) -> None:
    """Slots of the same names fall due at other moments then."""
    before, after = SlotProbe(deployment), SlotProbe(deployment, timezone="America/Santiago")
    before.poll(START)
    before.poll(START + 10 * DAY)  # nine of ten missed
    before.end_runs()
    after.poll(START)
    fate = after.poll(START + 12 * DAY)
    assert fate is not None
    assert fate.outcome == "requested"
    assert len(after.rows()) == 12
