"""What becomes of the slots that fall due: a run is requested, or the ledger says why not. Each exactly once.

However long nobody looked, at most one slot of a pipeline is caught up with, the newest; those before it are recorded
as missed. A slot that falls due while the pipeline's last scheduled run is still active is skipped; behind a run that
a person or the gate asked for, it waits until that has ended, so that a manual run never costs a scheduled one.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.control.runs import checked_request
from engine.deployment import Deployment
from engine.execution.inputs import book_in_use
from engine.scheduling.timetable import Timetable, nominal_day
from storage.db.ledger import LedgerRow
from storage.ledger.runs import PipelineActive, Request, record_skipped, request_run, run_row
from storage.ledger.schedules import (
    Slot,
    SlotOutcome,
    processed_through,
    record_new_outcomes,
    record_outcome,
    schedule_of,
    slot_row,
    waiting_slot,
)

log = logging.getLogger("loanwatch.engine")

LOOK_BACK = timedelta(days=3 * 366)  # a clock that leaps further than this is wrong, not late
SETTLED = ("requested", "skipped", "paused")


def process_due_slots(deployment: Deployment, timetable: Timetable, now: datetime) -> SlotOutcome | None:
    """What became of the newest slot that fell due by `now` (UTC), or of the one that waits; None without such a slot.

    One transaction: a scheduler that is killed has done all of it or nothing, and two of them do it once.
    """
    with deployment.ledger.writing() as connection:
        schedule = schedule_of(connection, timetable.pipeline, now)
        if now < schedule.through:
            # The clock was set back. What had its run keeps it, what was only missed gets another chance.
            processed_through(connection, timetable.pipeline, now)
            return None
        if now - schedule.through > LOOK_BACK:
            told = (timetable.pipeline, schedule.through, LOOK_BACK.days)
            log.warning("slots of %s after %s were missed too; those of the last %d days are recorded", *told)
        due = timetable.between(max(schedule.through, now - LOOK_BACK), now)
        waiting = waiting_slot(connection, timetable.pipeline)
        if not due:
            return None if waiting is None else _settled(connection, deployment, _slot_of(waiting), schedule)
        # After the clock was set back, the one that waits may be the one that falls due.
        if waiting is not None and waiting.slot != due[-1].name:
            _skip(connection, deployment, _slot_of(waiting), "The next slot fell due while this one waited.")
        missed = SlotOutcome("missed", f"Nobody looked at the schedule before {now:%Y-%m-%d %H:%M} UTC.")
        count = record_new_outcomes(connection, due[:-1], missed, deployment.ledger.clock())
        if count:
            log.warning("%d slots of %s were missed; the newest one is caught up with", count, timetable.pipeline)
        processed_through(connection, timetable.pipeline, due[-1].due_at)
        return _settled(connection, deployment, due[-1], schedule)


def scheduled_request(connection: Connection, deployment: Deployment, slot: Slot) -> Request:
    """The request of a slot's run: as of the slot's own day, over the extracts in use."""
    book = book_in_use(connection, deployment)
    return checked_request(
        deployment,
        slot.pipeline,
        nominal_day(slot.name),
        params={"data": book} if book and slot.pipeline == "training" else {},
        requested_by="scheduler",
        cause="schedule",
        slot=slot.name,
    )


def _settled(connection: Connection, deployment: Deployment, slot: Slot, schedule: LedgerRow) -> SlotOutcome | None:
    known = slot_row(connection, slot.name)
    if known is not None and known.outcome in SETTLED:
        return None
    if schedule.paused_at is not None:
        fate = SlotOutcome("paused", f"The schedule was paused by {schedule.paused_by}: {schedule.pause_reason}")
    else:
        try:
            wanted = scheduled_request(connection, deployment, slot)
            run_id = request_run(connection, wanted, deployment.ledger.clock())
            fate = SlotOutcome("requested", "", run_id)
        except PipelineActive as active:
            if run_row(connection, active.run_id).cause == "schedule":
                return _skip(connection, deployment, slot, f"Run {active.run_id} was still active.")
            fate = SlotOutcome(
                "waiting", f"Run {active.run_id} is active; the slot's run is requested when it has ended."
            )
    if known is None or (known.outcome, known.reason) != (fate.outcome, fate.reason):
        log.info("%s %s: %s", slot.name, fate.outcome, fate.run_id or fate.reason)
        record_outcome(connection, slot, fate, deployment.ledger.clock())
    return fate


def _skip(connection: Connection, deployment: Deployment, slot: Slot, why: str) -> SlotOutcome:
    now = deployment.ledger.clock()
    run_id = record_skipped(connection, scheduled_request(connection, deployment, slot), why, now)
    fate = SlotOutcome("skipped", why, run_id)
    log.warning("%s skipped: %s", slot.name, why)
    record_outcome(connection, slot, fate, now)
    return fate


def _slot_of(row: LedgerRow) -> Slot:
    return Slot(row.slot, row.pipeline, row.due_at)
