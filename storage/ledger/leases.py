"""Leases: the right to write about a run, held by one process at a time, void when it fell silent.

Every function works within the caller's transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, or_, select, update

from storage.db.schema import attempts, runs, tasks
from storage.errors import LeaseLost


@dataclass(frozen=True)
class Lease:
    """The right to write about a run: held by one owner, and void once the epoch has moved on."""

    run_id: str
    owner: str
    epoch: int


def claim(connection: Connection, run_id: str, owner: str, now: datetime) -> Lease | None:
    """The lease on a queued run, or None when somebody else has it or it was cancelled."""
    epoch = connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.state == "queued")
        .values(state="running", owner=owner, epoch=runs.c.epoch + 1, started_at=now, heartbeat_at=now)
        .returning(runs.c.epoch)
    ).scalar()
    return None if epoch is None else Lease(run_id, owner, epoch)


def beat(connection: Connection, lease: Lease, now: datetime) -> None:
    """Records that the run is alive. LeaseLost when it was lost."""
    if connection.execute(update(runs).where(_held(lease)).values(heartbeat_at=now)).rowcount != 1:
        raise LeaseLost(lease.run_id)


def cancel_requested(connection: Connection, run_id: str) -> bool:
    """Whether somebody asked for the run to be cancelled."""
    return connection.execute(select(runs.c.cancel_requested_at).where(runs.c.run_id == run_id)).scalar() is not None


def check_lease(connection: Connection, lease: Lease) -> None:
    """LeaseLost unless the lease still holds; the row stays locked until the transaction ends."""
    if connection.execute(update(runs).where(_held(lease)).values(owner=lease.owner)).rowcount != 1:
        raise LeaseLost(lease.run_id)


def record_snapshot(connection: Connection, lease: Lease, snapshot: dict[str, Any]) -> None:
    """Records which versions the run reads."""
    check_lease(connection, lease)
    connection.execute(update(runs).where(runs.c.run_id == lease.run_id).values(snapshot=snapshot))


def finish(connection: Connection, lease: Lease, state: str, error: dict[str, Any] | None, now: datetime) -> None:
    """Ends a run that the lease still holds."""
    check_lease(connection, lease)
    connection.execute(
        update(runs).where(runs.c.run_id == lease.run_id).values(state=state, error=error, finished_at=now)
    )


def end_early(connection: Connection, lease: Lease, state: str, error: dict[str, Any], now: datetime) -> None:
    """Ends a run that the lease still holds before its tasks did; LeaseLost when it does not."""
    finish(connection, lease, state, error, now)
    _end_tasks(connection, [lease.run_id], error, now)


def reap(connection: Connection, silence: timedelta, now: datetime, gone: Collection[str] = ()) -> list[str]:
    """Ids of the runs that were silent for too long, and are `crashed` from now on.

    The runs of owners in `gone`, which are known to have ended, need not be waited for. A beat from the future (the
    clock was set back) counts as a beat of now.
    """
    silent = {
        "type": "Crashed",
        "message": f"The run was silent for {silence.total_seconds():.0f} s; resume it.",
        "exit_code": 1,
    }
    ended = {**silent, "message": "The process that carried the run out has ended; resume the run."}
    running = runs.c.state == "running"
    connection.execute(update(runs).where(running, runs.c.heartbeat_at > now + silence).values(heartbeat_at=now))
    late = or_(runs.c.heartbeat_at < now - silence, runs.c.heartbeat_at.is_(None) & (runs.c.started_at < now - silence))
    crashed: list[str] = []
    for these, error in ((runs.c.owner.in_(gone), ended), (late, silent)):
        found = connection.execute(
            update(runs)
            .where(running, these)
            .values(state="crashed", epoch=runs.c.epoch + 1, finished_at=now, error=error)
            .returning(runs.c.run_id)
        ).scalars()
        ids = sorted(found)
        _end_tasks(connection, ids, error, now)
        crashed += ids
    return crashed


def owners(connection: Connection) -> list[str]:
    """Who holds a lease now."""
    query = select(runs.c.owner).where(runs.c.state == "running", runs.c.owner.is_not(None)).distinct()
    return list(connection.execute(query).scalars())


def _end_tasks(connection: Connection, run_ids: Sequence[str], error: dict[str, Any], now: datetime) -> None:
    """Closes whatever tasks and attempts of these runs are open."""
    if run_ids:
        connection.execute(
            update(tasks)
            .where(tasks.c.run_id.in_(run_ids), tasks.c.state.in_(("queued", "running", "retrying")))
            .values(state="cancelled", finished_at=now)
        )
        connection.execute(
            update(attempts)
            .where(attempts.c.run_id.in_(run_ids), attempts.c.state == "running")
            .values(state="failed", finished_at=now, error=error)
        )


def _held(lease: Lease) -> Any:
    return (
        (runs.c.run_id == lease.run_id)
        & (runs.c.state == "running")
        & (runs.c.owner == lease.owner)
        & (runs.c.epoch == lease.epoch)
    )
