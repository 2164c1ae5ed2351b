"""What becomes of the slots that fall due when nothing goes wrong, and while a schedule is paused."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from engine.scheduling.scheduler import timetables
from engine.scheduling.slots import process_due_slots
from storage.ledger.leases import claim, finish, record_snapshot
from storage.ledger.runs import Request, request_run, run_row
from storage.ledger.schedules import SlotOutcome, slot_rows
from tests.extracts import Extracts
from tests.retail import SOURCES

SUNDAY = datetime(2026, 3, 8, 2, tzinfo=UTC)  # a training slot's moment
BEFORE = SUNDAY - timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def look(deployment: Deployment, moment: datetime, pipeline: str = "training") -> SlotOutcome | None:
    (table,) = [table for table in timetables(deployment) if table.pipeline == pipeline]
    return process_due_slots(deployment, table, moment)


def outcomes(deployment: Deployment) -> dict[str, str]:
    with deployment.ledger.reading() as connection:
        return {row.slot: row.outcome for row in slot_rows(connection)}


def requested(deployment: Deployment, moment: datetime) -> Any:
    """The row of the run that a look at this moment requested."""
    fate = look(deployment, moment)
    assert fate is not None
    assert fate.run_id is not None
    with deployment.ledger.reading() as connection:
        return run_row(connection, fate.run_id)


def test_nothing_before_the_first_look_counts_as_missed(deployment: Deployment) -> None:
    assert look(deployment, SUNDAY + 3 * MINUTE) is None
    assert outcomes(deployment) == {}


def test_a_slot_is_requested_at_its_moment_and_not_before(deployment: Deployment) -> None:
    assert look(deployment, BEFORE) is None
    assert look(deployment, SUNDAY - MINUTE) is None
    run = requested(deployment, SUNDAY)
    assert (run.slot, run.state, run.cause) == ("training@2026-03-08T02:00", "queued", "schedule")
    assert (run.as_of, run.requested_by, run.params) == (date(2026, 3, 8), "scheduler", {})
    assert look(deployment, SUNDAY + MINUTE) is None


def test_as_of_is_the_slots_own_day_however_late_and_wherever_it_is_looked_at(deployment: Deployment) -> None:
    tokyo = deployment.with_settings(deployment.settings.changed(timezone="Asia/Tokyo"))
    look(tokyo, BEFORE - timedelta(days=1))
    run = requested(tokyo, SUNDAY + timedelta(days=3))  # two in the morning in Tokyo is still Saturday in UTC
    assert (run.slot, run.as_of) == ("training@2026-03-08T02:00", date(2026, 3, 8))


def test_a_scheduled_training_reads_the_book_in_use(deployment: Deployment, extracts: Extracts) -> None:
    look(deployment, BEFORE)
    for dataset in SOURCES:
        extracts.write(dataset, [])
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        lease = claim(connection, request_run(connection, Request("inference", now.date(), "me"), now), "me", now)
        assert lease
        record_snapshot(connection, lease, {"data": str(extracts.folder)})
        finish(connection, lease, "succeeded", None, now)
    first = requested(deployment, SUNDAY)
    assert first.params == {"data": str(extracts.folder)}
    runs.cancel(deployment, first.run_id)
    at_home = Extracts(deployment.settings.home / "data")
    for dataset in SOURCES:
        at_home.write(dataset, [])
    assert requested(deployment, SUNDAY + timedelta(days=7)).params == {}  # the usual place again


def test_a_paused_schedule_requests_nothing_records_why_and_goes_on_when_it_is_resumed(deployment: Deployment) -> None:
    look(deployment, BEFORE)
    with pytest.raises(UnusableRequest, match="--reason"):
        runs.pause_schedule(deployment, "training", " ")
    runs.pause_schedule(deployment, "training", "the book is being mended", by="somebody")
    with pytest.raises(Refused, match="paused already, by somebody"):
        runs.pause_schedule(deployment, "training", "again")
    fate = look(deployment, SUNDAY)
    assert fate is not None
    assert (fate.outcome, fate.run_id) == ("paused", None)
    assert fate.reason == "The schedule was paused by somebody: the book is being mended"
    runs.resume_schedule(deployment, "training")
    with pytest.raises(Refused, match="is not paused"):
        runs.resume_schedule(deployment, "training")
    assert look(deployment, SUNDAY + MINUTE) is None  # what fell due in the pause is not made up for
    assert requested(deployment, SUNDAY + timedelta(days=7)).slot == "training@2026-03-15T02:00"


def test_a_pause_of_one_pipeline_leaves_the_others_alone(deployment: Deployment) -> None:
    for name in ("training", "inference"):
        look(deployment, BEFORE, name)
    runs.pause_schedule(deployment, "training", "a reason")
    fate = look(deployment, SUNDAY + timedelta(hours=1), "inference")
    assert fate is not None
    assert fate.outcome == "requested"


def test_a_slot_that_waits_while_the_schedule_is_paused_is_given_up_with_the_reason(deployment: Deployment) -> None:
    look(deployment, BEFORE)
    runs.request(deployment, runs.checked_request(deployment, "training"))
    look(deployment, SUNDAY)
    assert outcomes(deployment) == {"training@2026-03-08T02:00": "waiting"}
    runs.pause_schedule(deployment, "training", "a reason")
    look(deployment, SUNDAY + MINUTE)
    assert outcomes(deployment) == {"training@2026-03-08T02:00": "paused"}
