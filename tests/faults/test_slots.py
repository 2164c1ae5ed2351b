"""Rows 6, 8 and 9: manual runs at a slot's moment, runs that overlap, and clocks that jump."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.scheduling.slots import LOOK_BACK
from tests.faults.conftest import Count
from tests.faults.desk import Desk

START = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
YEAR = timedelta(days=365)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def desk(deployment: Deployment) -> Desk:
    made = Desk(deployment)
    assert made.look_at_all(START) == []
    return made


def test_a_slot_waits_for_a_manual_run_and_then_both_are_recorded(desk: Desk) -> None:
    manual = desk.manual()
    due = datetime(2026, 3, 3, 3, tzinfo=UTC)
    waits = desk.poll(due)
    assert waits is not None
    assert (waits.outcome, waits.run_id) == ("waiting", None)
    assert manual in waits.reason
    assert desk.slot("inference@2026-03-03T03:00").outcome == "waiting"
    desk.poll(due + 60 * MINUTE)
    assert desk.runs_of_slots() == []
    desk.end_runs()
    requested = desk.poll(due + 61 * MINUTE)
    assert requested is not None
    assert requested.outcome == "requested"
    assert desk.run(manual).state == "succeeded"
    run = desk.run(str(requested.run_id))
    assert (run.state, run.cause, run.slot) == ("queued", "schedule", "inference@2026-03-03T03:00")
    assert (run.as_of, run.requested_by) == (due.date(), "scheduler")
    assert desk.poll(due + 62 * MINUTE) is None
    assert [(row.slot, row.outcome, row.run_id) for row in desk.rows()] == [(run.slot, "requested", run.run_id)]


def test_a_slot_that_waits_falls_due_again_when_the_clock_was_set_back_and_still_gets_its_run(desk: Desk) -> None:
    desk.manual()
    due = datetime(2026, 3, 3, 3, tzinfo=UTC)
    assert desk.poll(due) is not None
    assert desk.poll(due - MINUTE) is None  # another scheduler, whose clock is behind, or the same one's was set back
    desk.poll(due)
    desk.end_runs()
    requested = desk.poll(due + MINUTE)
    assert requested is not None
    assert (requested.outcome, desk.runs_of_slots()) == ("requested", ["inference@2026-03-03T03:00"])


def test_a_slot_that_waits_until_the_next_falls_due_is_skipped_and_the_next_waits(desk: Desk) -> None:
    desk.manual()
    desk.poll(datetime(2026, 3, 3, 3, tzinfo=UTC))
    desk.poll(datetime(2026, 3, 4, 3, tzinfo=UTC))
    assert desk.slot("inference@2026-03-03T03:00").outcome == "skipped"
    assert desk.slot("inference@2026-03-04T03:00").outcome == "waiting"
    desk.end_runs()
    desk.poll(datetime(2026, 3, 4, 5, tzinfo=UTC))
    assert desk.runs_of_slots() == ["inference@2026-03-04T03:00"]


def test_a_slot_that_falls_due_while_the_last_scheduled_run_is_active_is_skipped_and_recorded(desk: Desk) -> None:
    first = desk.poll(datetime(2026, 3, 3, 3, tzinfo=UTC))
    second = desk.poll(datetime(2026, 3, 4, 3, tzinfo=UTC))
    assert first is not None
    assert second is not None
    assert second.outcome == "skipped"
    assert str(first.run_id) in second.reason
    skipped = desk.run(str(second.run_id))
    assert (skipped.state, skipped.slot, skipped.cause) == ("skipped", "inference@2026-03-04T03:00", "schedule")
    assert skipped.error["message"] == second.reason
    assert skipped.finished_at is not None
    row = desk.slot("inference@2026-03-04T03:00")
    assert (row.outcome, row.reason, row.run_id) == ("skipped", second.reason, second.run_id)
    assert desk.poll(datetime(2026, 3, 4, 3, 1, tzinfo=UTC)) is None
    desk.end_runs()
    assert desk.poll(datetime(2026, 3, 4, 3, 2, tzinfo=UTC)) is None  # what was skipped stays so
    third = desk.poll(datetime(2026, 3, 5, 3, tzinfo=UTC))
    assert third is not None
    assert third.outcome == "requested"


@pytest.mark.parametrize("outcome", ["requested", "skipped", "paused"])
def test_what_became_of_a_slot_stays_when_the_clock_was_set_back_and_it_falls_due_again(
    desk: Desk, outcome: str
) -> None:
    due = datetime(2026, 3, 3, 3, tzinfo=UTC)
    if outcome == "skipped":
        desk.poll(due)
        due += DAY
    if outcome == "paused":
        runs.pause_schedule(desk.deployment, "inference", "a reason")
    fate = desk.poll(due)
    assert fate is not None
    assert fate.outcome == outcome
    before = desk.rows()
    desk.end_runs()
    if outcome == "paused":
        runs.resume_schedule(desk.deployment, "inference")
    for moment in (due - MINUTE, due, due - DAY, due + MINUTE):
        assert desk.poll(moment) is None
    assert desk.rows() == before


JUMPS = (DAY, YEAR, 30 * YEAR, -DAY, -YEAR, -30 * YEAR, 2 * DAY, -2 * DAY, YEAR, -YEAR, 3 * DAY, -DAY, DAY, -DAY)


def test_a_clock_that_jumps_makes_one_run_at_most_and_every_slot_that_comes_then_gets_its_own(
    desk: Desk, counted: Count
) -> None:
    now, most = START, 0
    for jump in JUMPS:
        now += jump
        outcomes = [*desk.look_at_all(now), *desk.look_at_all(now + MINUTE)]
        desk.end_runs()
        assert len({name for name, _ in outcomes}) == len(outcomes)
        assert {outcome for _, outcome in outcomes} <= {"requested"}
        most = max(most, len(outcomes))
        assert desk.look_at_all(now + 2 * MINUTE) == []  # no storm
    now += 30 * DAY  # beyond everything that was requested ahead of its time by a few days
    desk.look_at_all(now)
    desk.end_runs()
    before = set(desk.runs_of_slots())
    for _ in range(14 * 24):
        now += timedelta(hours=1)
        desk.look_at_all(now)
        desk.end_runs()
    new = Counter(name.partition("@")[0] for name in set(desk.runs_of_slots()) - before)
    assert new == {"training": 2, "inference": 14, "monitoring": 14}  # no stall
    every = [row.slot for row in desk.rows()]
    assert len(every) == len(set(every))
    counted(f"row 9: {len(JUMPS)} jumps, at most {most} runs after one (3 pipelines); {len(every)} slots recorded once")


@pytest.mark.parametrize("jump", [DAY, YEAR, 30 * YEAR], ids=["day", "year", "thirty years"])
def test_slots_that_nobody_saw_are_recorded_as_missed_and_the_newest_is_caught_up_with(
    desk: Desk, jump: timedelta
) -> None:
    now = START + jump
    due = desk.tables["inference"].between(max(START, now - LOOK_BACK), now)
    fate = desk.poll(now)
    assert fate is not None
    assert fate.outcome == "requested"
    assert desk.runs_of_slots() == [due[-1].name]
    assert {row.slot: row.outcome for row in desk.rows()} == {
        slot.name: "requested" if slot == due[-1] else "missed" for slot in due
    }
    if len(due) > 1:
        assert f"{now:%Y-%m-%d}" in desk.slot(due[0].name).reason


def test_what_a_clock_ahead_of_its_time_had_missed_gets_its_run_when_it_really_comes(desk: Desk) -> None:
    desk.poll(START + 10 * DAY)
    desk.end_runs()
    assert desk.slot("inference@2026-03-05T03:00").outcome == "missed"
    desk.poll(START)
    for number in range(1, 12):
        desk.poll(START + number * DAY)
        desk.end_runs()
    assert desk.runs_of_slots() == [f"inference@2026-03-{day:02}T03:00" for day in range(3, 14)]


def test_a_changed_time_zone_does_not_stop_the_schedule(deployment: Deployment) -> None:
    """Slots of the same names fall due at other moments then."""
    before, after = Desk(deployment), Desk(deployment, timezone="America/Santiago")
    before.poll(START)
    before.poll(START + 10 * DAY)  # nine of ten missed
    before.end_runs()
    after.poll(START)
    fate = after.poll(START + 12 * DAY)
    assert fate is not None
    assert fate.outcome == "requested"
    assert len(after.rows()) == 12
