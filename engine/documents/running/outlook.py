"""When a run is expected to end, and when it has to have succeeded."""

from datetime import timedelta

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.running.critical_path import overrun, time_left, usual_times
from engine.documents.running.deadline import deadline_of
from engine.documents.values import Document, moment
from storage.db.ledger import LedgerRow
from storage.db.schema import ACTIVE_STATES
from storage.ledger.run_search import task_times
from storage.ledger.tasks import task_rows


def outlook_document(deployment: Deployment, connection: Connection, run: LedgerRow) -> Document:
    """The expected end of a started run, None without an estimate or when a task exceeds its own, and the deadline."""
    return {
        "expected_end": moment(deployment.ledger.now(connection) + timedelta(seconds=left))
        if (left := _left(deployment, connection, run)) is not None
        else None,
        "deadline": moment(deadline_of(deployment, connection, run)),
    }


def _left(deployment: Deployment, connection: Connection, run: LedgerRow) -> float | None:
    pipeline = deployment.pipelines.get(run.pipeline)
    if run.state not in ACTIVE_STATES or run.started_at is None or pipeline is None:
        return None
    rows, usual = task_rows(connection, run.run_id), usual_times(task_times(connection, run.pipeline))
    now = deployment.ledger.now(connection)
    if overrun(rows, usual, now):
        return None
    return time_left({task.name: task.upstream for task in pipeline.tasks}, rows, usual, now)
