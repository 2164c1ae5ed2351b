"""Documents about processes and schedules: running processes, next slots and recent slots."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.values import Document, moment
from engine.process.identity import host, is_gone
from engine.scheduling.timetable import timetable
from storage.db.ledger import LedgerRow
from storage.ledger.processes import process_rows
from storage.ledger.schedules import is_paused, schedule_rows, slot_rows

NEXT_SLOTS = 3
OUTDATED = "started before the code on disk changed; restart it."


def health_document(deployment: Deployment, limit: int = 20) -> Document:
    """The newest processes with their state (alive, silent, gone, stopped), and whether the deployment is healthy.

    It is healthy when a process is alive and no kind is lost: a kind is lost when a process of it is silent or gone and
    none is alive. When this host has processes, only these count, so that a container checks its own ones. `metrics`
    are the URLs at which its workers serve metrics.
    """
    with deployment.ledger.reading() as connection:
        processes = process_documents(deployment, connection, limit)
    checked = [row for row in processes if row["host"] == host()] or processes
    alive = {row["kind"] for row in _alive(checked)}
    lost = {row["kind"] for row in checked if row["state"] in ("silent", "gone")}
    metrics = sorted({row["detail"]["metrics"] for row in _alive(checked) if row["detail"].get("metrics")})
    return {"healthy": bool(alive) and lost <= alive, "metrics": metrics, "processes": processes}


def schedule_document(deployment: Deployment, limit: int = 10) -> Document:
    """Each pipeline's timing, next slots and pause, and the newest slots with their outcome."""
    with deployment.ledger.reading() as connection:
        pipelines = pipeline_documents(deployment, connection)
        newest = slot_rows(connection, limit)
    return {
        "timezone": deployment.settings.timezone,
        "pipelines": pipelines,
        "slots": [
            {
                "slot": row.slot,
                "due_at": moment(row.due_at),
                "outcome": row.outcome,
                "run_id": row.run_id,
                "reason": row.reason,
            }
            for row in newest
        ],
    }


def process_documents(deployment: Deployment, connection: Connection, limit: int = 20) -> list[Document]:
    """The newest processes with their state: alive, silent, gone or stopped."""
    now = deployment.ledger.now(connection)
    return [_process(deployment, row, now) for row in process_rows(connection, limit)]


def pipeline_documents(deployment: Deployment, connection: Connection) -> list[Document]:
    """Each pipeline's timing, next slots and pause."""
    now = deployment.ledger.now(connection)
    schedules = {row.pipeline: row for row in schedule_rows(connection)}
    return [_pipeline(deployment, name, schedules.get(name), now) for name in deployment.pipelines]


def _alive(rows: list[Document]) -> list[Document]:
    return [row for row in rows if row["state"] == "alive"]


def _process(deployment: Deployment, row: LedgerRow, now: datetime) -> Document:
    heartbeat_age = (now - row.heartbeat_at).total_seconds()
    state = "alive"
    if row.stopped_at is not None:
        state = "stopped"
    elif is_gone(row.process_id):
        state = "gone"
    elif heartbeat_age > deployment.settings.lease:
        state = "silent"
    return {
        "kind": row.kind,
        "state": state,
        "host": row.host,
        "pid": row.pid,
        "started_at": moment(row.started_at),
        "seen": moment(row.heartbeat_at),
        "detail": row.detail,
    }


def _pipeline(deployment: Deployment, name: str, row: LedgerRow | None, now: datetime) -> dict[str, Any]:
    settings = deployment.settings
    table = timetable(name, deployment.timing(name), settings.zone)
    coming = table.next_after(now, NEXT_SLOTS) if table else []
    local = [f"{slot.due_at.astimezone(settings.zone):%a %Y-%m-%d %H:%M %Z}" for slot in coming]
    paused = row is not None and is_paused(row, now)
    return {
        "pipeline": name,
        "timing": deployment.timing(name),
        "next": local[0] if local else None,
        "coming": [moment(slot.due_at) for slot in coming],
        "paused": f"by {row.paused_by}: {row.pause_reason}" if row is not None and paused else None,
        "paused_until": moment(row.paused_until) if row is not None and paused else None,
    }
