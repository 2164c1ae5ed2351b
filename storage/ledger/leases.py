"""Leases: the right to write about a run. One process has it at a time, and loses it when its heartbeat stops.

Every function works within the caller's transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from storage.db.schema import ACTIVE_STATES, OPEN_TASK_STATES, attempts, runs, tasks
from storage.errors import LeaseLost

# Statements that a run executes often are built once.
OF_RUN = runs.c.run_id == bindparam("of_run")
IS_VALID = (
    OF_RUN
    & (runs.c.state == "running")
    & (runs.c.owner == bindparam("of_owner"))
    & (runs.c.epoch == bindparam("of_epoch"))
)
VALID_RUN = select(runs.c.run_id).where(IS_VALID)
UPDATE_VALID = update(runs).where(IS_VALID)
CANCEL_REQUEST = select(runs.c.cancel_requested_at).where(OF_RUN)


@dataclass(frozen=True)
class Lease:
    """The right of one owner to write about a run. It is lost when the run has a higher epoch."""

    run_id: str
    owner: str
    epoch: int

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of IS_VALID."""
        return {"of_run": self.run_id, "of_owner": self.owner, "of_epoch": self.epoch}


def claim(connection: Connection, run_id: str, owner: str, now: datetime) -> Lease | None:
    """The lease on a queued run, or None when another process claimed it or it was cancelled."""
    epoch = connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.state == "queued")
        .values(state="running", owner=owner, epoch=runs.c.epoch + 1, started_at=now, heartbeat_at=now)
        .returning(runs.c.epoch)
    ).scalar()
    return None if epoch is None else Lease(run_id, owner, epoch)


def renew(connection: Connection, lease: Lease, now: datetime) -> None:
    """Records that the run is alive. Raises LeaseLost when the lease is lost."""
    _update_valid(connection, lease, heartbeat_at=now)


def cancel_requested(connection: Connection, run_id: str) -> bool:
    """Whether a user asked for the run to be cancelled."""
    return connection.execute(CANCEL_REQUEST, {"of_run": run_id}).scalar() is not None


def check_lease(connection: Connection, lease: Lease) -> None:
    """Raises LeaseLost when the lease is lost.

    The caller's transaction is the only writer (see `Ledger.writing`), so the lease is valid until its end.
    """
    if connection.execute(VALID_RUN, lease.parameters).first() is None:
        raise LeaseLost(lease.run_id)


def record_snapshot(connection: Connection, lease: Lease, snapshot: dict[str, Any]) -> None:
    """Records which table versions the run reads. Raises LeaseLost when the lease is lost."""
    _update_valid(connection, lease, snapshot=snapshot)


def finish(connection: Connection, lease: Lease, state: str, error: dict[str, Any] | None, now: datetime) -> None:
    """Records the final state of a run. Raises LeaseLost when the lease is lost."""
    _update_valid(connection, lease, state=state, error=error, finished_at=now)


def end_early(connection: Connection, lease: Lease, state: str, error: dict[str, Any], now: datetime) -> None:
    """Ends a run and its open tasks. Raises LeaseLost when the lease is lost."""
    finish(connection, lease, state, error, now)
    _end_tasks(connection, [lease.run_id], error, now)


def end_reaped(connection: Connection, lease: Lease, error: dict[str, Any]) -> bool:
    """Replaces the error of a run that was marked as crashed while its owner could not reach the ledger.

    False when the run is not such a run, or when its pipeline has a later run, which replaces it.
    """
    reaped = (runs.c.state == "crashed") & (runs.c.owner == lease.owner) & (runs.c.epoch == lease.epoch + 1)
    run = connection.execute(select(runs).where(runs.c.run_id == lease.run_id, reaped)).first()
    if run is None:
        return False
    later = (runs.c.pipeline == run.pipeline) & (runs.c.requested_at >= run.requested_at) & (runs.c.state != "skipped")
    if connection.execute(select(runs.c.run_id).where(later, runs.c.run_id != run.run_id)).first() is not None:
        return False
    connection.execute(update(runs).where(runs.c.run_id == run.run_id).values(error=error))
    return True


def reap(connection: Connection, timeout: timedelta, now: datetime, ended: Collection[str] = ()) -> list[str]:
    """Marks runs as crashed whose heartbeat is older than `timeout`. Returns their ids.

    Runs of the owners in `ended`, whose processes have ended, are crashed at once. A heartbeat in the future (the clock
    was set back) counts as one of now.
    """
    no_heartbeat = {
        "type": "Crashed",
        "message": f"The run sent no heartbeat for {timeout.total_seconds():.0f} s; resume it.",
        "exit_code": 1,
    }
    no_process = {**no_heartbeat, "message": "The process that executed the run has ended; resume the run."}
    running = runs.c.state == "running"
    connection.execute(update(runs).where(running, runs.c.heartbeat_at > now + timeout).values(heartbeat_at=now))
    crashed: list[str] = []
    for stale, error in ((runs.c.owner.in_(ended), no_process), (_is_late(now - timeout), no_heartbeat)):
        run_ids = connection.execute(
            update(runs)
            .where(running, stale)
            .values(state="crashed", epoch=runs.c.epoch + 1, finished_at=now, error=error)
            .returning(runs.c.run_id)
        ).scalars()
        ids = sorted(run_ids)
        _end_tasks(connection, ids, error, now)
        crashed += ids
    return crashed


def crash_active(connection: Connection, reason: str, now: datetime) -> list[str]:
    """Marks the queued and running runs as crashed, whoever has their leases. Returns their ids."""
    error = {"type": "Crashed", "message": reason, "exit_code": 1}
    ended = update(runs).where(runs.c.state.in_(ACTIVE_STATES))
    ended = ended.values(state="crashed", epoch=runs.c.epoch + 1, finished_at=now, error=error)
    ids = sorted(connection.execute(ended.returning(runs.c.run_id)).scalars())
    _end_tasks(connection, ids, error, now)
    return ids


def stale_runs(connection: Connection, timeout: timedelta, now: datetime, ended: Collection[str] = ()) -> list[str]:
    """Ids of the runs that `reap` would mark as crashed now."""
    stale = runs.c.owner.in_(ended) | _is_late(now - timeout)
    return sorted(connection.execute(select(runs.c.run_id).where(runs.c.state == "running", stale)).scalars())


def owners(connection: Connection) -> list[str]:
    """The owners of all running runs."""
    query = select(runs.c.owner).where(runs.c.state == "running", runs.c.owner.is_not(None)).distinct()
    return list(connection.execute(query).scalars())


def _end_tasks(connection: Connection, run_ids: Sequence[str], error: dict[str, Any], now: datetime) -> None:
    """Ends the open tasks and attempts of these runs."""
    if run_ids:
        connection.execute(
            update(tasks)
            .where(tasks.c.run_id.in_(run_ids), tasks.c.state.in_(OPEN_TASK_STATES))
            .values(state="cancelled", finished_at=now)
        )
        connection.execute(
            update(attempts)
            .where(attempts.c.run_id.in_(run_ids), attempts.c.state == "running")
            .values(state="failed", finished_at=now, error=error)
        )


def _is_late(oldest: datetime) -> Any:
    return or_(runs.c.heartbeat_at < oldest, runs.c.heartbeat_at.is_(None) & (runs.c.started_at < oldest))


def _update_valid(connection: Connection, lease: Lease, **values: Any) -> None:
    """Changes columns of the run. Raises LeaseLost when the lease is lost."""
    if connection.execute(UPDATE_VALID, {**lease.parameters, **values}).rowcount != 1:
        raise LeaseLost(lease.run_id)
