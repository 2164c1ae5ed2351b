"""What happens inside a run: its tasks, every attempt, and the log, within the caller's transaction.

Whoever writes here has checked the run's lease in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import attempts, logs, tasks


@dataclass(frozen=True)
class LogLine:
    """One line of a task's log."""

    task: str
    at: datetime
    level: str
    message: str


def plan_tasks(connection: Connection, run_id: str, names: Sequence[str]) -> None:
    """Records the tasks that the run is going to have, all queued, in their order."""
    rows = [
        {"run_id": run_id, "task": name, "position": position, "state": "queued", "attempts": 0}
        for position, name in enumerate(names)
    ]
    connection.execute(insert(tasks), rows)


def update_task(connection: Connection, run_id: str, task: str, **values: Any) -> None:
    """Changes columns of one task."""
    connection.execute(update(tasks).where(tasks.c.run_id == run_id, tasks.c.task == task).values(**values))


def start_attempt(connection: Connection, run_id: str, key: tuple[str, str, int], now: datetime) -> None:
    """Records that try number `key[2]` (from 1) of part `key[1]` of task `key[0]` begins."""
    task, part, number = key
    row = {"run_id": run_id, "task": task, "part": part, "attempt": number, "state": "running", "started_at": now}
    connection.execute(insert(attempts).values(row))


def end_attempt(connection: Connection, run_id: str, key: tuple[str, str, int], **values: Any) -> None:
    """Records how an attempt ended: state, finished_at, error."""
    task, part, number = key
    connection.execute(
        update(attempts)
        .where(
            attempts.c.run_id == run_id,
            attempts.c.task == task,
            attempts.c.part == part,
            attempts.c.attempt == number,
        )
        .values(**values)
    )


def reusable_tasks(connection: Connection, cache_key: str, limit: int = 5) -> Sequence[LedgerRow]:
    """Finished tasks of any run that had the same code, settings and inputs, newest first."""
    query = (
        select(tasks.c.run_id, tasks.c.task, tasks.c.outcome, tasks.c.rows_in, tasks.c.rows_out)
        .where(
            or_(tasks.c.cache_key == cache_key, tasks.c.key_after == cache_key),
            tasks.c.state.in_(("succeeded", "skipped")),
            tasks.c.cached_from.is_(None),
        )
        .order_by(tasks.c.finished_at.desc())
        .limit(limit)
    )
    return connection.execute(query).all()


def task_rows(connection: Connection, run_id: str) -> Sequence[LedgerRow]:
    """The run's tasks in their order."""
    return connection.execute(select(tasks).where(tasks.c.run_id == run_id).order_by(tasks.c.position)).all()


def attempt_rows(connection: Connection, run_id: str, limit: int | None = None) -> Sequence[LedgerRow]:
    """Every attempt of the run, or the first ones, in the order in which they began."""
    query = select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.started_at, attempts.c.part)
    return connection.execute(query.limit(limit)).all()


def add_logs(connection: Connection, run_id: str, lines: Sequence[LogLine]) -> None:
    """Appends a batch of lines to the run's log."""
    if lines:
        connection.execute(insert(logs), [{"run_id": run_id, **vars(line)} for line in lines])


def log_rows(
    connection: Connection, run_id: str, task: str | None = None, after: int = 0, limit: int = 10_000
) -> Sequence[LedgerRow]:
    """Lines of the run's log behind line id `after`, oldest first."""
    query = select(logs).where(logs.c.run_id == run_id, logs.c.log_id > after).order_by(logs.c.log_id).limit(limit)
    return connection.execute(query.where(logs.c.task == task) if task else query).all()


@dataclass(frozen=True)
class LogFilter:
    """Which lines of a log are asked for; what is empty is not asked about. `since` and `before` are ids of lines."""

    task: str = ""
    levels: tuple[str, ...] = ()
    since: int = 0
    before: int | None = None


def log_tail(connection: Connection, run_id: str, wanted: LogFilter, limit: int) -> Sequence[LedgerRow]:
    """The newest lines of the run's log that are wanted, oldest first."""
    query = select(logs).where(logs.c.run_id == run_id, logs.c.log_id >= wanted.since)
    if wanted.before is not None:
        query = query.where(logs.c.log_id < wanted.before)
    if wanted.task:
        query = query.where(logs.c.task == wanted.task)
    if wanted.levels:
        query = query.where(logs.c.level.in_(wanted.levels))
    return list(reversed(connection.execute(query.order_by(logs.c.log_id.desc()).limit(limit)).all()))
