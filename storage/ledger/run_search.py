"""Searches in past runs: pages of the run list, follow-up runs, durations of tasks, rejected extracts.

Within the caller's transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Select, String, and_, func, or_, select, type_coerce

from storage.db.ledger import LedgerRow
from storage.db.schema import runs, tasks
from storage.ledger.runs import IS_OFFICIAL

REJECTED = "InputRejected"  # the error type of a run that read its extracts and rejected them


@dataclass(frozen=True)
class RunFilter:
    """Conditions on runs, all of which must hold. An empty one sets no condition.

    `text` is a part of the run id, or the beginning of the as-of date.
    """

    pipeline: str = ""
    state: str = ""
    cause: str = ""
    text: str = ""


def runs_page(
    connection: Connection, limit: int, where: RunFilter, older_than: str = "", newer_than: str = ""
) -> list[LedgerRow]:
    """A page of the runs that match, newest first: the next ones older than a run, or the next ones newer than a run.

    A run id that does not exist sets no bound.
    """
    query = _filtered(select(runs), where)
    bound = _bound(connection, older_than or newer_than)
    if bound is not None:
        at, run_id = runs.c.requested_at, runs.c.run_id
        other_time = at < bound.requested_at if older_than else at > bound.requested_at
        other_id = run_id < bound.run_id if older_than else run_id > bound.run_id
        query = query.where(or_(other_time, and_(at == bound.requested_at, other_id)))
    if newer_than and bound is not None:
        rows = connection.execute(query.order_by(runs.c.requested_at, runs.c.run_id).limit(limit)).all()
        return list(reversed(rows))
    newest_first = query.order_by(runs.c.requested_at.desc(), runs.c.run_id.desc())
    return list(connection.execute(newest_first.limit(limit)).all())


def state_counts(connection: Connection, where: RunFilter) -> dict[str, int]:
    """How many runs of each state match the other conditions; states without any are left out."""
    counted = select(runs.c.state, func.count().label("number"))
    query = _filtered(counted, replace(where, state="")).group_by(runs.c.state)
    return {row.state: row.number for row in connection.execute(query)}


def followers(connection: Connection, run_id: str, limit: int = 20) -> Sequence[LedgerRow]:
    """The newest runs that this one caused or that resumed it, oldest first."""
    query = select(runs).where(or_(runs.c.cause_run_id == run_id, runs.c.parent_run_id == run_id))
    return list(reversed(connection.execute(query.order_by(runs.c.requested_at.desc()).limit(limit)).all()))


def newest_resumptions(connection: Connection, run_ids: Sequence[str], limit: int = 200) -> dict[str, LedgerRow]:
    """The newest run that resumed each of these runs, by the id of the resumed run."""
    query = select(runs).where(runs.c.parent_run_id.in_(run_ids)).order_by(runs.c.requested_at.desc()).limit(limit)
    return {row.parent_run_id: row for row in reversed(connection.execute(query).all())}


def task_times(connection: Connection, pipeline: str, limit: int = 30) -> Sequence[LedgerRow]:
    """Task, started_at and finished_at of the tasks of a pipeline's newest succeeded runs, newest run first.

    Cached tasks are left out.
    """
    newest = (
        select(runs.c.run_id, runs.c.requested_at)
        .where(runs.c.pipeline == pipeline, runs.c.state == "succeeded")
        .order_by(runs.c.requested_at.desc())
        .limit(limit)
        .subquery()
    )
    query = (
        select(tasks.c.task, tasks.c.started_at, tasks.c.finished_at)
        .join_from(newest, tasks, tasks.c.run_id == newest.c.run_id)
        .where(tasks.c.cached_from.is_(None), tasks.c.started_at.is_not(None), tasks.c.finished_at.is_not(None))
        .order_by(newest.c.requested_at.desc())
    )
    return connection.execute(query).all()


def states_of_tasks(connection: Connection, run_ids: Sequence[str]) -> Sequence[LedgerRow]:
    """Run, task, state, start and end of every task of these runs, in the order of the tasks."""
    columns = tasks.c.run_id, tasks.c.task, tasks.c.state, tasks.c.started_at, tasks.c.finished_at
    query = select(*columns).where(tasks.c.run_id.in_(run_ids)).order_by(tasks.c.position, tasks.c.run_id)
    return connection.execute(query).all()


def last_success(connection: Connection, pipeline: str) -> LedgerRow | None:
    """The newest run of a pipeline that succeeded and was no trial, by the time of its request; None when none did."""
    query = select(runs).where(runs.c.pipeline == pipeline, runs.c.state == "succeeded", IS_OFFICIAL)
    return connection.execute(query.order_by(runs.c.requested_at.desc()).limit(1)).first()


def open_rejection(connection: Connection, pipelines: Sequence[str], as_of: date, limit: int = 200) -> LedgerRow | None:
    """The newest run of these pipelines up to an as-of date that rejected a delivery which is not replaced yet.

    A delivery is a folder of extracts. It is replaced when one of the pipelines succeeded later, either on the same
    folder, or on any folder that a person named for the run. A run that reads another folder by default replaces
    nothing. Later means a later as-of date, or the same one and a later end. None when every delivery was replaced.
    """
    query = select(runs).where(
        runs.c.pipeline.in_(pipelines),
        runs.c.as_of <= as_of,
        runs.c.state == "failed",
        runs.c.error["type"].as_string() == REJECTED,
        IS_OFFICIAL,
    )
    order = (runs.c.as_of.desc(), runs.c.finished_at.desc(), runs.c.run_id.desc())
    newest: dict[str, LedgerRow] = {}
    for row in connection.execute(query.order_by(*order).limit(limit)):
        newest.setdefault(row.snapshot.get("data", ""), row)
    rejected = newest.items()
    return next((row for folder, row in rejected if not _replaced(connection, pipelines, as_of, folder, row)), None)


def _replaced(connection: Connection, pipelines: Sequence[str], as_of: date, folder: str, rejected: LedgerRow) -> bool:
    named = and_(runs.c.cause == "manual", runs.c.params["data"].as_string() != "")
    query = select(runs.c.run_id).where(
        runs.c.pipeline.in_(pipelines),
        runs.c.state == "succeeded",
        runs.c.as_of <= as_of,
        or_(
            runs.c.as_of > rejected.as_of,
            and_(runs.c.as_of == rejected.as_of, runs.c.finished_at > rejected.finished_at),
        ),
        or_(runs.c.snapshot["data"].as_string() == folder, named),
        IS_OFFICIAL,
    )
    return connection.execute(query.limit(1)).first() is not None


def _bound(connection: Connection, run_id: str) -> LedgerRow | None:
    return connection.execute(select(runs.c.requested_at, runs.c.run_id).where(runs.c.run_id == run_id)).first()


def _filtered(query: Select[tuple[object, ...]], where: RunFilter) -> Select[tuple[object, ...]]:
    for column, value in (
        (runs.c.pipeline, where.pipeline),
        (runs.c.state, where.state),
        (runs.c.cause, where.cause),
    ):
        if value:
            query = query.where(column == value)
    text = where.text.strip().lower()
    if not text:
        return query
    as_of = type_coerce(runs.c.as_of, String).startswith(text, autoescape=True)
    return query.where(or_(runs.c.run_id.contains(text, autoescape=True), as_of))
