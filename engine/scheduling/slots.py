"""The outcome of each due slot: a run is requested, or the ledger records the reason for none. A slot has one outcome.

After an interruption of the scheduler, only the newest slot of a pipeline is processed; earlier ones are recorded as
missed. A slot is skipped when the pipeline's last scheduled run is still active. When the active run was requested by a
user or by the gate, the slot waits for its end, so that a manual run never replaces a scheduled one.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.control.extract_folder import folder_for_unattended_training
from engine.control.runs import checked_request
from engine.deployment import Deployment
from engine.scheduling.timetable import Timetable, nominal_day
from storage.db.ledger import LedgerRow
from storage.ledger.runs import PipelineActive, Request, record_skipped, request_run, run_row
from storage.ledger.schedules import (
    Slot,
    SlotOutcome,
    is_paused,
    processed_through,
    record_new_outcomes,
    record_outcome,
    schedule_of,
    schedule_rows,
    slot_row,
    waiting_slot,
)

log = logging.getLogger("loanwatch.engine")

MOST_CATCH_UP = timedelta(days=3 * 366)  # a clock that jumps further is wrong
FINAL = ("requested", "skipped", "paused")


def process_due_slots(deployment: Deployment, timetable: Timetable, now: datetime | None = None) -> SlotOutcome | None:
    """The outcome of the newest slot that is due at `now` (UTC), or of the waiting slot; None without such a slot.

    Without `now`, the ledger gives the time, so that schedulers whose clocks differ agree on what is due.
    It is one transaction, so that a killed scheduler leaves nothing half done and two schedulers record one outcome.
    """
    folder = _folder(deployment, timetable, now)
    with deployment.ledger.writing() as connection:
        now = now or deployment.ledger.now(connection)
        schedule = schedule_of(connection, timetable.pipeline, now)
        if now < schedule.through:
            # The clock was set back. Slots with a run are not repeated, missed slots are due again.
            processed_through(connection, timetable.pipeline, now)
            return None
        if now - schedule.through > MOST_CATCH_UP:
            details = (timetable.pipeline, schedule.through, MOST_CATCH_UP.days)
            log.warning("Slots of %s after %s were missed; only those of the last %d days are recorded.", *details)
        due = timetable.between(max(schedule.through, now - MOST_CATCH_UP), now)
        waiting = waiting_slot(connection, timetable.pipeline)
        if not due:
            return None if waiting is None else _outcome_of(connection, deployment, _slot_of(waiting), schedule, folder)
        # After the clock was set back, the waiting slot and the due slot may be the same.
        if waiting is not None and waiting.slot != due[-1].name:
            _skip(connection, deployment, _slot_of(waiting), "The next slot was due while this one waited.", folder)
        missed = SlotOutcome("missed", f"The scheduler was not running before {now:%Y-%m-%d %H:%M} UTC.")
        count = record_new_outcomes(connection, due[:-1], missed, deployment.ledger.now(connection))
        if count:
            log.warning("%d slots of %s were missed; the newest one is caught up.", count, timetable.pipeline)
        processed_through(connection, timetable.pipeline, due[-1].due_at)
        return _outcome_of(connection, deployment, due[-1], schedule, folder)


def scheduled_request(deployment: Deployment, slot: Slot, folder: str) -> Request:
    """The request of a slot's run: as of the slot's day; a training reads `folder`, '' for the default one."""
    return checked_request(
        deployment,
        slot.pipeline,
        nominal_day(slot.name),
        params={"data": folder} if folder and slot.pipeline == "training" else {},
        requested_by="scheduler",
        cause="schedule",
        slot=slot.name,
    )


def _folder(deployment: Deployment, timetable: Timetable, now: datetime | None) -> str:
    """The folder of a training that may be due: looked up before the transaction, because a store may be slow."""
    if timetable.pipeline != "training":
        return ""
    with deployment.ledger.reading() as connection:
        now = now or deployment.ledger.now(connection)
        through = [row.through for row in schedule_rows(connection) if row.pipeline == timetable.pipeline]
        waits = waiting_slot(connection, timetable.pipeline) is not None
    is_due = waits or (through and timetable.between(max(through[0], now - MOST_CATCH_UP), now))
    return folder_for_unattended_training(deployment) if is_due else ""


def _outcome_of(
    connection: Connection, deployment: Deployment, slot: Slot, schedule: LedgerRow, folder: str
) -> SlotOutcome | None:
    recorded = slot_row(connection, slot.name)
    if recorded is not None and recorded.outcome in FINAL:
        return None
    if is_paused(schedule, slot.due_at):
        outcome = SlotOutcome("paused", f"The schedule was paused by {schedule.paused_by}: {schedule.pause_reason}")
    else:
        try:
            request = scheduled_request(deployment, slot, folder)
            run_id = request_run(connection, request, deployment.ledger.now(connection))
            outcome = SlotOutcome("requested", "", run_id)
        except PipelineActive as active:
            if run_row(connection, active.run_id).cause == "schedule":
                return _skip(connection, deployment, slot, f"Run {active.run_id} was still active.", folder)
            outcome = SlotOutcome(
                "waiting", f"Run {active.run_id} is active; the slot's run is requested when it has ended."
            )
    if recorded is None or (recorded.outcome, recorded.reason) != (outcome.outcome, outcome.reason):
        log.info("Slot %s %s: %s", slot.name, outcome.outcome, outcome.run_id or outcome.reason)
        record_outcome(connection, slot, outcome, deployment.ledger.now(connection))
    return outcome


def _skip(connection: Connection, deployment: Deployment, slot: Slot, reason: str, folder: str) -> SlotOutcome:
    now = deployment.ledger.now(connection)
    run_id = record_skipped(connection, scheduled_request(deployment, slot, folder), reason, now)
    outcome = SlotOutcome("skipped", reason, run_id)
    log.warning("Slot %s skipped: %s", slot.name, reason)
    record_outcome(connection, slot, outcome, now)
    return outcome


def _slot_of(row: LedgerRow) -> Slot:
    return Slot(row.slot, row.pipeline, row.due_at)
