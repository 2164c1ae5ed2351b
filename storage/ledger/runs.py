"""Runs in the ledger: requests, their state, and queries. Every function works within the caller's transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import ACTIVE_STATES, runs
from storage.errors import StorageError

# A trial of a person counts nowhere: it published nothing. See engine/control/trials.py.
IS_OFFICIAL = runs.c.cause_detail["trial"].as_string().is_(None)
OF_ID = select(runs).where(runs.c.run_id == bindparam("of_run"))
NEWEST = select(runs).order_by(runs.c.requested_at.desc()).limit(1)


@dataclass(frozen=True)
class Request:
    """The request for a run. `cause` is manual, schedule, governance, resume or replay."""

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


class PipelineActive(StorageError):
    """The requested pipeline already has a queued or running run."""

    exit_code = 5

    def __init__(self, pipeline: str, run_id: str, state: str) -> None:
        queued = f"is queued; start a worker or enter `run {pipeline}` to execute it, or `cancel {run_id}` to cancel it"
        running = f"is running; wait for it (`show {run_id}`) or cancel it (`cancel {run_id}`)"
        advice = queued if state == "queued" else running
        super().__init__(f"Pipeline {pipeline} already has an active run: {run_id} {advice}.")
        self.pipeline, self.run_id, self.state = pipeline, run_id, state


def request_run(connection: Connection, request: Request, now: datetime) -> str:
    """The id of the earlier run with the same request key or slot, else of a new queued run (see `queue_run`)."""
    return earlier_request(connection, request) or queue_run(connection, request, now)


def queue_run(connection: Connection, request: Request, now: datetime) -> str:
    """The id of a new queued run. Raises PipelineActive when the pipeline has a queued or running run.

    The caller's transaction is the only writer (see `Ledger.writing`), so there is no second request at the same time.
    """
    current = active_run(connection, request.pipeline)
    if current is not None:
        raise PipelineActive(request.pipeline, current.run_id, current.state)
    run_id = _new_id(request, now)
    connection.execute(insert(runs).values(_new_row(request, run_id, now)))
    return run_id


def earlier_request(connection: Connection, request: Request) -> str | None:
    """The id of the run with the same request key or slot; None when there is none."""
    for column, value in ((runs.c.request_key, request.request_key), (runs.c.slot, request.slot)):
        if value is not None:
            run_id = connection.execute(select(runs.c.run_id).where(column == value)).scalar()
            if run_id is not None:
                return str(run_id)
    return None


def record_skipped(connection: Connection, request: Request, reason: str, now: datetime) -> str:
    """The id of a new run in state skipped, which records why a slot was skipped."""
    run_id = _new_id(request, now)
    error = {"type": "Skipped", "message": reason, "exit_code": 5}
    row = {**_new_row(request, run_id, now), "state": "skipped", "finished_at": now, "error": error}
    connection.execute(insert(runs).values(row))
    return run_id


def active_run(connection: Connection, pipeline: str) -> LedgerRow | None:
    """The queued or running run of a pipeline; None when there is none."""
    query = select(runs).where(runs.c.pipeline == pipeline, runs.c.state.in_(ACTIVE_STATES))
    return connection.execute(query).first()


def cancel_queued(connection: Connection, run_id: str, now: datetime) -> bool:
    """Cancels a run that is queued. False when it is not queued."""
    return bool(
        connection.execute(
            update(runs)
            .where(runs.c.run_id == run_id, runs.c.state == "queued")
            .values(state="cancelled", finished_at=now, cancel_requested_at=now)
        ).rowcount
    )


def request_cancel(connection: Connection, run_id: str, now: datetime) -> None:
    """Records that a running run is to be cancelled. The process that executes it ends it."""
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(cancel_requested_at=now))


def run_row(connection: Connection, run_id: str) -> LedgerRow:
    """The row of a run; `latest` is the newest of all. Raises UnknownRun when there is none."""
    found = connection.execute(NEWEST) if run_id == "latest" else connection.execute(OF_ID, {"of_run": run_id})
    row = found.first()
    if row is None:
        raise UnknownRun(f"There is no run {run_id!r}; `python -m engine runs` lists them.")
    return row


def recent_runs(
    connection: Connection, limit: int, pipeline: str | None = None, state: str | None = None
) -> Sequence[LedgerRow]:
    """The newest runs, newest first."""
    query = select(runs).order_by(runs.c.requested_at.desc(), runs.c.run_id.desc()).limit(limit)
    if pipeline:
        query = query.where(runs.c.pipeline == pipeline)
    if state:
        query = query.where(runs.c.state == state)
    return connection.execute(query).all()


def queued_runs(connection: Connection) -> Sequence[LedgerRow]:
    """The runs that wait for a worker, oldest first. A pipeline has at most one."""
    query = select(runs).where(runs.c.state == "queued")
    return connection.execute(query.order_by(runs.c.requested_at, runs.c.run_id)).all()


def newest_success(connection: Connection, pipeline: str | None = None) -> LedgerRow | None:
    """The succeeded run with the latest as-of date, of one pipeline when it is named; None when no run succeeded.

    Here and below a trial is no success.
    """
    query = select(runs).where(runs.c.state == "succeeded", IS_OFFICIAL)
    if pipeline:
        query = query.where(runs.c.pipeline == pipeline)
    return connection.execute(query.order_by(runs.c.as_of.desc(), runs.c.requested_at.desc()).limit(1)).first()


def is_first(connection: Connection, run: LedgerRow) -> bool:
    """Whether no other run of its pipeline has ended."""
    others = select(runs.c.run_id).where(
        runs.c.pipeline == run.pipeline, runs.c.run_id != run.run_id, runs.c.finished_at.is_not(None)
    )
    return connection.execute(others.limit(1)).first() is None


def succeeded_days(connection: Connection) -> Sequence[LedgerRow]:
    """Time of the request, time of the end and as-of date of every succeeded run, in the order of their ends."""
    columns = runs.c.requested_at, runs.c.finished_at, runs.c.as_of
    query = select(*columns).where(runs.c.state == "succeeded", runs.c.finished_at.is_not(None), IS_OFFICIAL)
    return connection.execute(query.order_by(runs.c.finished_at, runs.c.run_id)).all()


def last_reader(connection: Connection, pipelines: Sequence[str], folder: str, limit: int = 200) -> LedgerRow | None:
    """The newest succeeded run of these pipelines that read this folder of extracts; None when there is none."""
    query = select(runs.c.run_id, runs.c.as_of, runs.c.finished_at, runs.c.snapshot).where(
        runs.c.pipeline.in_(pipelines), runs.c.state == "succeeded", IS_OFFICIAL
    )
    rows = connection.execute(query.order_by(runs.c.finished_at.desc()).limit(limit))
    return next((row for row in rows if row.snapshot.get("data") == folder), None)


def runs_as_of(connection: Connection, pipeline: str, day: date) -> Sequence[LedgerRow]:
    """The runs of a pipeline with that as-of date, oldest first, without trials."""
    query = select(runs).where(runs.c.pipeline == pipeline, runs.c.as_of == day, IS_OFFICIAL)
    return connection.execute(query.order_by(runs.c.requested_at, runs.c.run_id)).all()


def replay_mark(run: LedgerRow) -> dict[str, Any]:
    """{"replay": parameters} for a run of a replay, else {}. The runs that it causes get the same mark."""
    return {name: run.cause_detail[name] for name in ("replay",) if name in run.cause_detail}


def mark_run(connection: Connection, run_id: str, cause_detail: dict[str, Any]) -> None:
    """Replaces the details of a run's cause."""
    connection.execute(update(runs).where(runs.c.run_id == run_id).values(cause_detail=cause_detail))


def success_for(connection: Connection, pipeline: str, as_of: date) -> LedgerRow | None:
    """The newest succeeded run of a pipeline with that as-of date; None when there is none."""
    succeeded = (runs.c.state == "succeeded") & IS_OFFICIAL
    query = select(runs).where(runs.c.pipeline == pipeline, runs.c.as_of == as_of, succeeded)
    return connection.execute(query.order_by(runs.c.requested_at.desc(), runs.c.run_id.desc()).limit(1)).first()


def dates_of_success(connection: Connection, pipeline: str) -> Sequence[date]:
    """The as-of dates of the succeeded runs of a pipeline, each once, oldest first."""
    succeeded = (runs.c.state == "succeeded") & IS_OFFICIAL
    query = select(runs.c.as_of).where(runs.c.pipeline == pipeline, succeeded).distinct()
    return connection.execute(query.order_by(runs.c.as_of)).scalars().all()


def newest_heartbeat(connection: Connection) -> datetime | None:
    """The newest heartbeat of all runs; None before the first."""
    heartbeat: datetime | None = connection.execute(select(func.max(runs.c.heartbeat_at))).scalar()
    return heartbeat


def forced_line(connection: Connection, run: LedgerRow) -> frozenset[str]:
    """Ids of the forced runs that a forced run resumes, without its own: what they finished ran under `--force`."""
    line = [run]
    while (parent := line[-1].parent_run_id) is not None and (row := run_row(connection, parent)).force:
        line.append(row)
    return frozenset(each.run_id for each in line[1:])


def first_of_line(connection: Connection, run: LedgerRow) -> LedgerRow:
    """The run that a resumed run goes back to; the run itself when it resumed none."""
    while run.parent_run_id is not None:
        run = run_row(connection, run.parent_run_id)
    return run


def caused_by(connection: Connection, run_id: str) -> list[str]:
    """Ids of the runs that this one caused or that resumed it, oldest first."""
    query = select(runs.c.run_id).where(or_(runs.c.cause_run_id == run_id, runs.c.parent_run_id == run_id))
    return list(connection.execute(query.order_by(runs.c.requested_at)).scalars())


class UnknownRun(StorageError):
    """The ledger has no run with that id."""

    exit_code = 2


def _new_id(request: Request, now: datetime) -> str:
    return f"{request.pipeline}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"


def _new_row(request: Request, run_id: str, now: datetime) -> dict[str, Any]:
    return {**vars(request), "run_id": run_id, "state": "queued", "requested_at": now, "epoch": 0, "snapshot": {}}
