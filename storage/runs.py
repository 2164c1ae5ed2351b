"""Runs in the ledger: requests, claims, leases, ends. Every function works within the caller's transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from storage.errors import LeaseLost, StorageError
from storage.ledger import Record
from storage.schema import ACTIVE_STATES, attempts, runs, tasks


@dataclass(frozen=True)
class Request:
    """What somebody asks for. `cause` is manual, schedule, governance, resume or replay."""

    pipeline: str
    as_of: date
    requested_by: str
    params: dict[str, Any] = field(default_factory=dict)
    force: bool = False
    cause: str = "manual"
    cause_run_id: str | None = None
    cause_detail: dict[str, Any] = field(default_factory=dict)
    parent_run_id: str | None = None
    slot: str | None = None
    request_key: str | None = None


@dataclass(frozen=True)
class Lease:
    """The right to write about a run: held by one owner, and void once the epoch has moved on."""

    run_id: str
    owner: str
    epoch: int


class PipelineActive(StorageError):
    """A request for a pipeline that has a queued or running run already."""

    exit_code = 5

    def __init__(self, pipeline: str, run_id: str, state: str) -> None:
        queued = f"is waiting; `run {pipeline}` without options carries it out, `cancel {run_id}` withdraws it"
        running = f"is running; wait for it (`show {run_id}`) or end it (`cancel {run_id}`)"
        told = queued if state == "queued" else running
        super().__init__(f"Pipeline {pipeline} already has an active run: {run_id} {told}.")
        self.pipeline, self.run_id, self.state = pipeline, run_id, state


def request_run(connection: Connection, request: Request, now: datetime) -> str:
    """The id of the new queued run, or of the one that the same request key or slot made before.

    Raises PipelineActive when the pipeline has a queued or running run.
    """
    before = _same_request(connection, request)
    if before is not None:
        return before
    current = active_run(connection, request.pipeline)
    if current is not None:
        raise PipelineActive(request.pipeline, current.run_id, current.state)
    run_id = f"{request.pipeline}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    row = {**vars(request), "run_id": run_id, "state": "queued", "requested_at": now, "epoch": 0, "pins": {}}
    try:
        with connection.begin_nested():
            connection.execute(insert(runs).values(row))
    except IntegrityError:
        # Another process was quicker between the look and the insert (PostgreSQL only; SQLite writes one at a time).
        before = _same_request(connection, request)
        if before is not None:
            return before
        current = active_run(connection, request.pipeline)
        if current is None:
            raise
        raise PipelineActive(request.pipeline, current.run_id, current.state) from None
    return run_id


def active_run(connection: Connection, pipeline: str) -> Record | None:
    """The queued or running run of a pipeline."""
    query = select(runs).where(runs.c.pipeline == pipeline, runs.c.state.in_(ACTIVE_STATES))
    return connection.execute(query).first()


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


def pin(connection: Connection, lease: Lease, pins: dict[str, Any]) -> None:
    """Records which versions the run reads."""
    check_lease(connection, lease)
    connection.execute(update(runs).where(runs.c.run_id == lease.run_id).values(pins=pins))


def finish(connection: Connection, lease: Lease, state: str, error: dict[str, Any] | None, now: datetime) -> None:
    """Ends a run that the lease still holds."""
    check_lease(connection, lease)
    connection.execute(
        update(runs).where(runs.c.run_id == lease.run_id).values(state=state, error=error, finished_at=now)
    )


def cancel_queued(connection: Connection, run_id: str, now: datetime) -> bool:
    """Whether a run that nobody had claimed was cancelled."""
    return bool(
        connection.execute(
            update(runs)
            .where(runs.c.run_id == run_id, runs.c.state == "queued")
            .values(state="cancelled", finished_at=now, cancel_requested_at=now)
        ).rowcount
    )


def ask_to_cancel(connection: Connection, run_id: str, now: datetime) -> None:
    """Leaves word for whoever works on the run."""
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(cancel_requested_at=now))


def reap(connection: Connection, silence: timedelta, now: datetime) -> list[str]:
    """Ids of the runs that were silent for too long, and are `crashed` from now on."""
    error = {
        "type": "Crashed",
        "message": f"The run was silent for {silence.total_seconds():.0f} s; resume it.",
        "exit_code": 1,
    }
    late = or_(runs.c.heartbeat_at < now - silence, runs.c.heartbeat_at.is_(None) & (runs.c.started_at < now - silence))
    found = connection.execute(
        update(runs)
        .where(runs.c.state == "running", late)
        .values(state="crashed", epoch=runs.c.epoch + 1, finished_at=now, error=error)
        .returning(runs.c.run_id)
    ).scalars()
    crashed = sorted(found)
    connection.execute(
        update(tasks)
        .where(tasks.c.run_id.in_(crashed), tasks.c.state.in_(("queued", "running", "retrying")))
        .values(state="cancelled", finished_at=now)
    )
    connection.execute(
        update(attempts)
        .where(attempts.c.run_id.in_(crashed), attempts.c.state == "running")
        .values(state="failed", finished_at=now, error=error)
    )
    return crashed


def run_row(connection: Connection, run_id: str) -> Record:
    """The run's row; StorageError when there is none. `latest` is the newest run of all."""
    query = select(runs).where(runs.c.run_id == run_id)
    if run_id == "latest":
        query = select(runs).order_by(runs.c.requested_at.desc()).limit(1)
    row = connection.execute(query).first()
    if row is None:
        raise UnknownRun(f"There is no run {run_id!r}; `python -m engine runs` lists them.")
    return row


def recent_runs(
    connection: Connection, limit: int, pipeline: str | None = None, state: str | None = None
) -> Sequence[Record]:
    """The newest runs, newest first."""
    query = select(runs).order_by(runs.c.requested_at.desc(), runs.c.run_id.desc()).limit(limit)
    if pipeline:
        query = query.where(runs.c.pipeline == pipeline)
    if state:
        query = query.where(runs.c.state == state)
    return connection.execute(query).all()


def governance_runs(connection: Connection, since: datetime) -> list[str]:
    """Ids of the runs that the governance gate asked for since then and that nobody cancelled, newest first."""
    query = select(runs.c.run_id).where(
        runs.c.cause == "governance", runs.c.requested_at > since, runs.c.state != "cancelled"
    )
    return list(connection.execute(query.order_by(runs.c.requested_at.desc())).scalars())


def caused_by(connection: Connection, run_id: str) -> list[str]:
    """Ids of the runs that this one caused or that resumed it, oldest first."""
    query = select(runs.c.run_id).where(or_(runs.c.cause_run_id == run_id, runs.c.parent_run_id == run_id))
    return list(connection.execute(query.order_by(runs.c.requested_at)).scalars())


class UnknownRun(StorageError):
    """A run id that the ledger does not know."""

    exit_code = 2


def _same_request(connection: Connection, request: Request) -> str | None:
    for column, value in ((runs.c.request_key, request.request_key), (runs.c.slot, request.slot)):
        if value is not None:
            run_id = connection.execute(select(runs.c.run_id).where(column == value)).scalar()
            if run_id is not None:
                return str(run_id)
    return None


def _held(lease: Lease) -> Any:
    return (
        (runs.c.run_id == lease.run_id)
        & (runs.c.state == "running")
        & (runs.c.owner == lease.owner)
        & (runs.c.epoch == lease.epoch)
    )
