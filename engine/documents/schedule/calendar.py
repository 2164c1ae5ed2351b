"""The document of the schedule as a calendar: every slot of some days with its state and deadline."""

from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.values import Document, moment
from engine.scheduling.timetable import timetable
from storage.db.ledger import LedgerRow
from storage.ledger.schedules import Slot, is_paused, schedule_rows, slots_between

DAYS = 14
DUE, PLANNED, PAUSED = "due", "planned", "paused"
OPEN = (DUE, "waiting", "queued", "running", "failed", "crashed", "cancelled")  # late when the deadline is over


def calendar_document(deployment: Deployment, days: int = DAYS) -> Document:
    """The slots of each pipeline from `days` days before today to the end of as many days from today on.

    The state of a slot is that of its run (queued, running, succeeded, failed, crashed, cancelled), or why there is
    none (waiting, skipped, missed, paused), due when the scheduler has not processed it yet, or planned. The deadline
    is the time from which the pipeline counts as late.
    """
    zone = deployment.settings.zone
    with deployment.ledger.reading() as connection:
        now = deployment.ledger.now(connection)
        today = now.astimezone(zone).date()
        first, last = (datetime.combine(today + timedelta(days=each), time(), zone) for each in (-days, days))
        schedules = {row.pipeline: row for row in schedule_rows(connection)}
        recorded = _recorded(connection, deployment, (first, last), now)
    return {
        "timezone": deployment.settings.timezone,
        "first": str(first.date()),
        "today": str(today),
        "last": str((last - timedelta(days=1)).date()),
        "pipelines": [
            {
                "pipeline": name,
                "slots": recorded.get(name, []) + _coming(deployment, name, schedules.get(name), (now, last)),
            }
            for name in deployment.pipelines
        ],
    }


def _recorded(
    connection: Connection, deployment: Deployment, span: tuple[datetime, datetime], now: datetime
) -> dict[str, list[Document]]:
    """The slots of a span that have an outcome, by pipeline."""
    found: dict[str, list[Document]] = {}
    for row in slots_between(connection, *span):
        state = str(row.state) if row.outcome == "requested" and row.state else str(row.outcome)
        deadline = row.due_at + timedelta(minutes=deployment.settings.alert_late_minutes)
        ended_late = state == "succeeded" and row.finished_at is not None and row.finished_at > deadline
        late = ended_late or (state in OPEN and now > deadline)
        slot = Slot(row.slot, row.pipeline, row.due_at)
        found.setdefault(row.pipeline, []).append(
            {**_slot(slot, state, deadline), "late": late, "run_id": row.run_id, "reason": row.reason}
        )
    return found


def _coming(
    deployment: Deployment, name: str, schedule: LedgerRow | None, span: tuple[datetime, datetime]
) -> list[Document]:
    """The slots of a pipeline without an outcome: those that are due but not processed, and those to come."""
    now, last = span
    table = timetable(name, deployment.timing(name), deployment.settings.zone)
    through = now if schedule is None else min(schedule.through, now)
    coming = []
    for slot in table.between(through, last) if table else []:
        state = PAUSED if is_paused(schedule, slot.due_at) else DUE if slot.due_at <= now else PLANNED
        deadline = slot.due_at + timedelta(minutes=deployment.settings.alert_late_minutes)
        late = state == DUE and now > deadline
        coming.append({**_slot(slot, state, deadline), "late": late, "run_id": None, "reason": ""})
    return coming


def _slot(slot: Slot, state: str, deadline: datetime) -> dict[str, Any]:
    return {"slot": slot.name, "due_at": moment(slot.due_at), "state": state, "deadline": moment(deadline)}
