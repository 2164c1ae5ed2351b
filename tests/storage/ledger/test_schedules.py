"""Schedules and slots in the ledger: one row a slot, one run a slot, and pauses."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from storage.db.ledger import Ledger
from storage.db.schema import runs, slots
from storage.ledger.runs import Request, record_skipped, request_run, run_row
from storage.ledger.schedules import (
    Pause,
    Slot,
    SlotOutcome,
    is_paused,
    pause,
    processed_through,
    record_new_outcomes,
    record_outcome,
    schedule_of,
    schedule_rows,
    slot_row,
    slot_rows,
    unpause,
    waiting_slot,
)

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def slot(number: int, pipeline: str = "inference") -> Slot:
    due_at = NOW + number * DAY
    return Slot(f"{pipeline}@{due_at:%Y-%m-%dT%H:%M}", pipeline, due_at)


def wanted(name: str) -> Request:
    return Request("inference", date(2026, 5, 3), "scheduler", cause="schedule", slot=name)


def test_a_new_schedule_begins_now_and_is_kept(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        assert schedule_of(connection, "inference", NOW).through == NOW
        assert schedule_of(connection, "inference", NOW + DAY).through == NOW
        processed_through(connection, "inference", NOW + 2 * DAY)
        schedule_of(connection, "training", NOW)
        found = {row.pipeline: row.through for row in schedule_rows(connection)}
    assert found == {"inference": NOW + 2 * DAY, "training": NOW}


def test_what_became_of_a_slot_is_recorded_in_place_of_what_was_before(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        run_id = request_run(connection, wanted(slot(1).name), NOW)
        record_outcome(connection, slot(1), SlotOutcome("waiting", "Another run is active."), NOW)
        assert waiting_slot(connection, "inference").slot == slot(1).name  # type: ignore[union-attr]
        assert waiting_slot(connection, "training") is None
        record_outcome(connection, slot(1), SlotOutcome("requested", "", run_id), NOW + DAY)
        assert waiting_slot(connection, "inference") is None
        row = slot_row(connection, slot(1).name)
    assert row is not None
    assert (row.outcome, row.run_id, row.due_at, row.recorded_at) == ("requested", run_id, slot(1).due_at, NOW + DAY)


def test_only_slots_of_which_nothing_became_are_settled_anew(ledger: Ledger) -> None:
    missed = SlotOutcome("missed", "Nobody looked.")
    with ledger.writing() as connection:
        record_outcome(connection, slot(2), SlotOutcome("paused", "for a reason"), NOW)
        assert record_new_outcomes(connection, [slot(1), slot(2), slot(3)], missed, NOW) == 2
        assert record_new_outcomes(connection, [slot(1), slot(2), slot(3)], missed, NOW) == 0
        assert record_new_outcomes(connection, [], missed, NOW) == 0
        found = {row.slot: row.outcome for row in slot_rows(connection)}
    assert found == {slot(1).name: "missed", slot(2).name: "paused", slot(3).name: "missed"}


def test_a_slot_is_known_by_its_name_also_when_it_falls_due_at_another_moment(ledger: Ledger) -> None:
    """As it does when the deployment's time zone was changed."""
    moved = Slot(slot(1).name, "inference", slot(1).due_at + timedelta(hours=9))
    with ledger.writing() as connection:
        record_outcome(connection, slot(1), SlotOutcome("missed", "Nobody looked."), NOW)
        assert record_new_outcomes(connection, [moved], SlotOutcome("missed", "Nobody looked."), NOW) == 0


def test_many_missed_slots_are_recorded_at_once(ledger: Ledger) -> None:
    many = [slot(number) for number in range(3 * 366)]
    with ledger.writing() as connection:
        assert record_new_outcomes(connection, many, SlotOutcome("missed", "Nobody looked."), NOW) == len(many)
        assert [row.slot for row in slot_rows(connection, limit=2)] == [many[-1].name, many[-2].name]
        assert slot_rows(connection, pipeline="training") == []


def test_the_schema_itself_allows_one_row_a_slot_and_one_run_a_slot(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        run_id = request_run(connection, wanted(slot(1).name), NOW)
        record_outcome(connection, slot(1), SlotOutcome("requested", "", run_id), NOW)
        run = {**run_row(connection, run_id)._mapping, "run_id": "another", "state": "succeeded"}
        row = {**slot_row(connection, slot(1).name)._mapping}  # type: ignore[union-attr]
    with pytest.raises(IntegrityError, match="(?i)unique"), ledger.writing() as connection:
        connection.execute(insert(runs).values(run))
    with pytest.raises(IntegrityError, match="(?i)unique"), ledger.writing() as connection:
        connection.execute(insert(slots).values(row))
    with ledger.writing() as connection:
        connection.execute(insert(runs).values({**run, "slot": None}))


def test_a_slot_names_a_run_that_exists(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError, match="(?i)foreign key"), ledger.writing() as connection:
        record_outcome(connection, slot(1), SlotOutcome("requested", "", "no-such-run"), NOW)


def test_a_skipped_run_is_recorded_beside_the_active_one_and_once_a_slot(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        request_run(connection, wanted(slot(1).name), NOW)
        skipped = record_skipped(connection, wanted(slot(2).name), "The last one is active.", NOW)
        assert request_run(connection, wanted(slot(2).name), NOW) == skipped  # a slot has the run that it had
        states = {row.slot: row.state for row in connection.execute(select(runs.c.slot, runs.c.state))}
    assert states == {slot(1).name: "queued", slot(2).name: "skipped"}


def test_a_pause_says_who_and_why_and_ends_once(ledger: Ledger) -> None:
    with ledger.writing() as connection:
        pause(connection, "inference", Pause("somebody", "holidays", NOW + DAY), NOW)
        row = schedule_of(connection, "inference", NOW + DAY)
        assert (row.paused_at, row.paused_by, row.pause_reason) == (NOW, "somebody", "holidays")
        assert [is_paused(row, NOW + days * DAY) for days in (0, 1)] == [True, False]
        assert unpause(connection, "inference")
        assert not unpause(connection, "inference")
        assert schedule_of(connection, "inference", NOW).paused_at is None
