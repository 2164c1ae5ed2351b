"""The tasks, attempts and log lines of a run. Within the caller's transaction.

These functions do not check the run's lease. RunRecorder checks it in the same transaction, except for a task's own
log lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import attempts, logs, runs, tasks
from storage.db.types import Moment
from storage.ledger.runs import IS_OFFICIAL

# Statements that a run executes often are built once.
UPDATE_TASK = update(tasks).where(tasks.c.run_id == bindparam("of_run"), tasks.c.task == bindparam("of_task"))
START_TASK = UPDATE_TASK.values(started_at=func.coalesce(tasks.c.started_at, bindparam("now", type_=Moment)))
INSERT_ATTEMPT, INSERT_LOGS = insert(attempts), insert(logs)
END_ATTEMPT = update(attempts).where(
    attempts.c.run_id == bindparam("of_run"),
    attempts.c.task == bindparam("of_task"),
    attempts.c.part == bindparam("of_part"),
    attempts.c.attempt == bindparam("of_attempt"),
)
REUSABLE = (
    select(
        tasks.c.run_id,
        tasks.c.task,
        tasks.c.outcome,
        tasks.c.rows_in,
        tasks.c.rows_out,
        IS_OFFICIAL.label("official"),
    )
    .join(runs, runs.c.run_id == tasks.c.run_id)
    .where(
        or_(tasks.c.cache_key == bindparam("key"), tasks.c.key_after == bindparam("key")),
        tasks.c.state.in_(("succeeded", "skipped")),
        tasks.c.cached_from.is_(None),
    )
    .order_by(tasks.c.finished_at.desc())
    .limit(bindparam("most"))
)
REUSABLE_OF_RUNS = REUSABLE.where(tasks.c.run_id.in_(bindparam("of_runs", expanding=True)))


@dataclass(frozen=True)
class LogLine:
    """One line of a task's log."""

    task: str
    at: datetime
    level: str
    message: str


def plan_tasks(connection: Connection, run_id: str, names: Sequence[str]) -> None:
    """Records the tasks of a run, all queued, in their order."""
    rows = [
        {"run_id": run_id, "task": name, "position": position, "state": "queued", "attempts": 0}
        for position, name in enumerate(names)
    ]
    connection.execute(insert(tasks), rows)


def update_task(connection: Connection, run_id: str, task: str, **values: Any) -> None:
    """Changes columns of one task."""
    connection.execute(UPDATE_TASK, {"of_run": run_id, "of_task": task, **values})


def start_attempt(connection: Connection, run_id: str, key: tuple[str, str, int], now: datetime) -> None:
    """Records that an attempt starts. `key` is task, partition and number (from 1)."""
    task, part, number = key
    row = {"run_id": run_id, "task": task, "part": part, "attempt": number, "state": "running", "started_at": now}
    connection.execute(INSERT_ATTEMPT, row)


def start_task(connection: Connection, run_id: str, task: str, attempts_made: int, now: datetime) -> None:
    """Records that a task runs. Its start is that of its first attempt."""
    row = {"of_run": run_id, "of_task": task, "now": now, "state": "running", "attempts": attempts_made}
    connection.execute(START_TASK, row)


def end_attempt(connection: Connection, run_id: str, key: tuple[str, str, int], **values: Any) -> None:
    """Records the end of an attempt: state, finished_at, error."""
    task, part, number = key
    of_attempt = {"of_run": run_id, "of_task": task, "of_part": part, "of_attempt": number}
    connection.execute(END_ATTEMPT, {**of_attempt, **values})


def reusable_tasks(
    connection: Connection, cache_key: str, of_runs: frozenset[str] | None = None, limit: int = 5
) -> Sequence[LedgerRow]:
    """Finished tasks with this cache key, newest first: their code, settings and inputs are equal.

    `official` is false for a task of a trial.

    They are of `of_runs` only, if given, else of any run.
    """
    wanted = {"key": cache_key, "most": limit}
    if of_runs is None:
        return connection.execute(REUSABLE, wanted).all()
    return connection.execute(REUSABLE_OF_RUNS, {**wanted, "of_runs": list(of_runs)}).all()


def task_rows(connection: Connection, run_id: str) -> Sequence[LedgerRow]:
    """The run's tasks in their order."""
    return connection.execute(select(tasks).where(tasks.c.run_id == run_id).order_by(tasks.c.position)).all()


def attempt_rows(connection: Connection, run_id: str, limit: int | None = None) -> Sequence[LedgerRow]:
    """Every attempt of the run, or the first `limit`, in the order of their start."""
    query = select(attempts).where(attempts.c.run_id == run_id).order_by(attempts.c.started_at, attempts.c.part)
    return connection.execute(query.limit(limit)).all()


def add_logs(connection: Connection, run_id: str, lines: Sequence[LogLine]) -> None:
    """Appends a batch of lines to the run's log."""
    if lines:
        connection.execute(INSERT_LOGS, [{"run_id": run_id, **vars(line)} for line in lines])


def log_rows(
    connection: Connection, run_id: str, task: str | None = None, after: int = 0, limit: int = 10_000
) -> Sequence[LedgerRow]:
    """Lines of the run's log with an id above `after`, oldest first."""
    query = select(logs).where(logs.c.run_id == run_id, logs.c.log_id > after).order_by(logs.c.log_id).limit(limit)
    return connection.execute(query.where(logs.c.task == task) if task else query).all()


@dataclass(frozen=True)
class LogFilter:
    """Conditions on log lines, all of which must hold. An empty one sets no condition. `since` and `before` are ids.

    `text` is a part of the message, in letters of either case.
    """

    task: str = ""
    levels: tuple[str, ...] = ()
    since: int = 0
    before: int | None = None
    text: str = ""


def count_logs(connection: Connection, run_id: str, where: LogFilter) -> int:
    """How many lines of the run's log match."""
    query = _matching(select(func.count()).select_from(logs), run_id, where)
    return int(connection.execute(query).scalar_one())


def log_tail(connection: Connection, run_id: str, where: LogFilter, limit: int | None) -> Sequence[LedgerRow]:
    """The newest lines of the run's log that match, oldest first; with `limit` None all of them."""
    query = _matching(select(logs), run_id, where).order_by(logs.c.log_id.desc()).limit(limit)
    return list(reversed(connection.execute(query).all()))


def _matching(query: Any, run_id: str, where: LogFilter) -> Any:
    query = query.where(logs.c.run_id == run_id, logs.c.log_id >= where.since)
    if where.before is not None:
        query = query.where(logs.c.log_id < where.before)
    if where.task:
        query = query.where(logs.c.task == where.task)
    if where.levels:
        query = query.where(logs.c.level.in_(where.levels))
    if where.text:
        query = query.where(logs.c.message.icontains(where.text, autoescape=True))
    return query
