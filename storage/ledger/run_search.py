"""Runs of the past, in the caller's transaction: pages of their list, what followed them, how long their tasks took."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Select, String, and_, or_, select, type_coerce, union_all

from storage.db.ledger import LedgerRow
from storage.db.schema import runs, tasks


@dataclass(frozen=True)
class RunFilter:
    """Which runs are asked for; what is empty is not asked about.

    `text` is a piece of the id, or the beginning of the as-of.
    """

    pipeline: str = ""
    state: str = ""
    cause: str = ""
    text: str = ""


def runs_page(
    connection: Connection, limit: int, wanted: RunFilter, older_than: str = "", newer_than: str = ""
) -> list[LedgerRow]:
    """The newest runs that are wanted, newest first: those older than a run, or the nearest that are newer than one.

    A run that does not exist bounds nothing.
    """
    query = _where(select(runs), wanted)
    bound = _bound(connection, older_than or newer_than)
    if bound is not None:
        at, run_id = runs.c.requested_at, runs.c.run_id
        beyond = at < bound.requested_at if older_than else at > bound.requested_at
        beside = run_id < bound.run_id if older_than else run_id > bound.run_id
        query = query.where(or_(beyond, and_(at == bound.requested_at, beside)))
    if newer_than and bound is not None:
        rows = connection.execute(query.order_by(runs.c.requested_at, runs.c.run_id).limit(limit)).all()
        return list(reversed(rows))
    newest_first = query.order_by(runs.c.requested_at.desc(), runs.c.run_id.desc())
    return list(connection.execute(newest_first.limit(limit)).all())


def followers(connection: Connection, run_id: str, limit: int = 20) -> Sequence[LedgerRow]:
    """The newest runs that this one caused or that go on with it, oldest first."""
    query = select(runs).where(or_(runs.c.cause_run_id == run_id, runs.c.parent_run_id == run_id))
    return list(reversed(connection.execute(query.order_by(runs.c.requested_at.desc()).limit(limit)).all()))


def newest_resumptions(connection: Connection, run_ids: Sequence[str], limit: int = 200) -> dict[str, LedgerRow]:
    """The newest run that goes on with each of these, by the id of the one that it goes on with."""
    query = select(runs).where(runs.c.parent_run_id.in_(run_ids)).order_by(runs.c.requested_at.desc()).limit(limit)
    return {row.parent_run_id: row for row in reversed(connection.execute(query).all())}


def task_times(connection: Connection, pipeline: str, limit: int = 30) -> Sequence[LedgerRow]:
    """Task, started_at and finished_at of the work that the newest succeeded runs of a pipeline did, newest run first.

    What was taken from an earlier run is not among it.
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


def newest_runs(connection: Connection, pipelines: Sequence[str]) -> dict[str, LedgerRow]:
    """The newest run of each pipeline that has one, by pipeline."""
    newest = (runs.c.requested_at.desc(), runs.c.run_id.desc())
    each = [select(runs).where(runs.c.pipeline == name).order_by(*newest).limit(1).subquery() for name in pipelines]
    rows = connection.execute(union_all(*map(select, each))).all()
    return {row.pipeline: row for row in rows}


def _bound(connection: Connection, run_id: str) -> LedgerRow | None:
    return connection.execute(select(runs.c.requested_at, runs.c.run_id).where(runs.c.run_id == run_id)).first()


def _where(query: Select[tuple[object, ...]], wanted: RunFilter) -> Select[tuple[object, ...]]:
    for column, value in (
        (runs.c.pipeline, wanted.pipeline),
        (runs.c.state, wanted.state),
        (runs.c.cause, wanted.cause),
    ):
        if value:
            query = query.where(column == value)
    text = wanted.text.strip().lower()
    if not text:
        return query
    about = type_coerce(runs.c.as_of, String).startswith(text, autoescape=True)
    return query.where(or_(runs.c.run_id.contains(text, autoescape=True), about))
