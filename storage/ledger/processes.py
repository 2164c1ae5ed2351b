"""The workers, schedulers and consoles of a deployment, and their heartbeats. Within the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import processes

KEPT = timedelta(days=7)
BACKUP = "backup"  # the kind of a process that copies the stores; while one is alive, none of their files is deleted


@dataclass(frozen=True)
class Process:
    """A long-lived process of the deployment; `kind` is worker, scheduler, console or backup."""

    process_id: str
    kind: str
    host: str
    pid: int


def register(connection: Connection, process: Process, detail: dict[str, Any], now: datetime) -> None:
    """Records a process that starts. Deletes the processes whose last heartbeat is a week old."""
    connection.execute(delete(processes).where(processes.c.heartbeat_at < now - KEPT))
    connection.execute(delete(processes).where(processes.c.process_id == process.process_id))
    connection.execute(insert(processes).values(**vars(process), started_at=now, heartbeat_at=now, detail=detail))


def heartbeat(connection: Connection, process_id: str, detail: dict[str, Any], now: datetime) -> None:
    """Records that the process is alive, with details of its state.

    A heartbeat that was under way when the process deregistered changes nothing.
    """
    query = update(processes).where(processes.c.process_id == process_id, processes.c.stopped_at.is_(None))
    connection.execute(query.values(heartbeat_at=now, detail=detail))


def deregister(connection: Connection, process_id: str, now: datetime) -> None:
    """Records that the process ended in an orderly way."""
    connection.execute(update(processes).where(processes.c.process_id == process_id).values(stopped_at=now))


def deregister_all(connection: Connection, now: datetime) -> None:
    """Records that all processes ended: those of another deployment, of which this ledger is a copy."""
    connection.execute(update(processes).where(processes.c.stopped_at.is_(None)).values(stopped_at=now))


def alive_processes(connection: Connection, kind: str, timeout: timedelta, now: datetime) -> Sequence[LedgerRow]:
    """The processes of a kind that have not ended and whose heartbeat is newer than `timeout`, newest first."""
    query = select(processes).where(
        processes.c.kind == kind, processes.c.stopped_at.is_(None), processes.c.heartbeat_at > now - timeout
    )
    return connection.execute(query.order_by(processes.c.started_at.desc())).all()


def process_rows(connection: Connection, limit: int = 100) -> Sequence[LedgerRow]:
    """The processes with a heartbeat in the last week, newest first, but no backups: they end by themselves."""
    query = select(processes).where(processes.c.kind != BACKUP).order_by(processes.c.started_at.desc())
    return connection.execute(query.limit(limit)).all()
