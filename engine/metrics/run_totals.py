"""Totals of all runs by pipeline and state: how many, how long. Within the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Float, case, cast, func, select, type_coerce

from storage.db.schema import runs
from storage.db.types import Moment
from storage.ledger.runs import IS_OFFICIAL

SECONDS_OF_A_DAY = 86_400.0


@dataclass(frozen=True)
class RunTotals:
    """The runs of one pipeline in one state, since the ledger exists.

    `timed` of them have a start and an end; `within` says how many of these took at most each of the bounds. Trials
    count, but are not in `last_end`, which tells how old the official results are.
    """

    pipeline: str
    state: str
    count: int
    timed: int
    seconds: float
    within: tuple[int, ...]
    last_end: datetime | None
    first_request: datetime | None


def run_totals(connection: Connection, bounds: Sequence[float]) -> list[RunTotals]:
    """The totals by pipeline and state, in that order, from one pass over the runs; `bounds` are in seconds."""
    duration = _duration(connection)
    within = (func.coalesce(func.sum(case((duration <= bound, 1), else_=0)), 0) for bound in bounds)
    query = select(
        runs.c.pipeline,
        runs.c.state,
        func.count(),
        func.count(duration),
        func.coalesce(func.sum(duration), 0.0),
        type_coerce(func.max(case((IS_OFFICIAL, runs.c.finished_at))), Moment),
        type_coerce(func.min(runs.c.requested_at), Moment),
        *within,
    )
    rows = connection.execute(query.group_by(runs.c.pipeline, runs.c.state).order_by(runs.c.pipeline, runs.c.state))
    return [
        RunTotals(pipeline, state, count, timed, float(seconds), tuple(map(int, within)), last_end, first_request)
        for pipeline, state, count, timed, seconds, last_end, first_request, *within in rows
    ]


def _duration(connection: Connection) -> ColumnElement[Any]:
    """The seconds from the start to the end of a run; null when one is missing. The ledger has times as text."""
    if connection.dialect.name == "sqlite":
        return (func.julianday(runs.c.finished_at) - func.julianday(runs.c.started_at)) * SECONDS_OF_A_DAY
    seconds = (func.extract("epoch", func.timestamptz(column)) for column in (runs.c.finished_at, runs.c.started_at))
    end, start = (cast(each, Float) for each in seconds)
    return end - start
