"""When a run has to have succeeded, so that its pipeline is not reported as late."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from engine.deployment import Deployment
from storage.db.ledger import LedgerRow
from storage.ledger.runs import run_row
from storage.ledger.schedules import slot_row

MOST_RESUMED = 20  # runs that are followed back to the one of the schedule


def deadline_of(deployment: Deployment, connection: Connection, run: LedgerRow) -> datetime | None:
    """The time after which the alert `run-late` is told; None for a run that no slot of the schedule requested.

    A run that resumes another has the deadline of that one.
    """
    for _ in range(MOST_RESUMED):
        if run.slot or not run.parent_run_id:
            break
        run = run_row(connection, run.parent_run_id)
    slot = slot_row(connection, run.slot) if run.slot else None
    return slot.due_at + timedelta(minutes=deployment.settings.alert_late_minutes) if slot else None
