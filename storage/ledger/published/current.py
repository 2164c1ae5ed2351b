"""The newest runs, the active ones, and what came of the extracts since they were last accepted, in one statement.

The Overview page asks every two seconds. Within the caller's transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, String, and_, cast, func, literal, null, or_, select, union_all

from storage.db.ledger import LedgerRow
from storage.db.schema import IS_ACTIVE, attempts, deliveries, runs, tasks
from storage.db.types import Moment
from storage.ledger.runs import IS_OFFICIAL

NEWEST, ACTIVE, READ, UNUSED = "newest", "active", "read", "unused"
MOST_READ = 20  # runs since the extracts were last accepted
TEXTS = ("name", "outcome", "part", "kind", "told")


@dataclass(frozen=True)
class Readers:
    """The pipelines that read every extract, and the names of their tasks that read or clean extracts."""

    pipelines: tuple[str, ...]
    tasks: tuple[str, ...]


@dataclass(frozen=True)
class CurrentRuns:
    """By pipeline the newest run, apart from trials and skipped slots, and the queued or running run, a trial too.

    `reads` are the rows of `reads_since_success`.
    """

    newest: Mapping[str, LedgerRow]
    active: Mapping[str, LedgerRow]
    reads: Sequence[LedgerRow]


def current_runs(connection: Connection, pipelines: Sequence[str], readers: Readers) -> CurrentRuns:
    """The current runs of the pipelines that have one, and what came of the extracts."""
    order, counts = (runs.c.requested_at.desc(), runs.c.run_id.desc()), (runs.c.state != "skipped") & IS_OFFICIAL
    newest = _marked(NEWEST).where(counts).order_by(*order).limit(1)
    each = [select(newest.where(runs.c.pipeline == name).subquery()) for name in pipelines]
    rows = connection.execute(union_all(*each, _marked(ACTIVE).where(IS_ACTIVE), *_reads(readers))).all()
    return CurrentRuns(
        {row.pipeline: row for row in rows if row.found_as == NEWEST},
        {row.pipeline: row for row in rows if row.found_as == ACTIVE},
        [row for row in rows if row.found_as in (READ, UNUSED)],
    )


def reads_since_success(connection: Connection, readers: Readers) -> Sequence[LedgerRow]:
    """What came of the extracts in the newest runs of the readers since one of them succeeded; trials do not count.

    A row is a run with one of two things, as `found_as` says. READ: a task, in `name`, with its state in `outcome`,
    and for one that failed the `part`, the type of the error in `kind`, its message in `told` and the time in
    `told_at`. UNUSED: a delivery of the dataset `name` that was read then, and was not used because of `told`.
    """
    return connection.execute(union_all(*_reads(readers))).all()


def _marked(found_as: str, moment: Any = None, **texts: Any) -> Select[Any]:
    """Runs with the columns of every branch of the statement; those that are not given are NULL."""
    more = [(cast(null(), String) if texts.get(name) is None else texts[name]).label(name) for name in TEXTS]
    at = cast(null(), Moment) if moment is None else moment
    return select(literal(found_as).label("found_as"), *runs.c, *more, at.label("told_at"))


def _reads(readers: Readers) -> tuple[Select[Any], Select[Any]]:
    """The branches READ and UNUSED."""
    of_readers = runs.c.pipeline.in_(readers.pipelines) & IS_OFFICIAL
    success = select(runs.c.requested_at, runs.c.finished_at).where(of_readers, runs.c.state == "succeeded")
    success = success.order_by(runs.c.requested_at.desc()).limit(1).correlate(None)
    requested, finished = (success.with_only_columns(column).scalar_subquery() for column in success.selected_columns)
    since = or_(requested.is_(None), runs.c.requested_at > requested)
    recent = select(runs.c.run_id).where(of_readers, since, runs.c.state.not_in(("queued", "skipped")))
    recent = recent.order_by(runs.c.requested_at.desc()).limit(MOST_READ).correlate(None)
    columns = {"name": tasks.c.task, "outcome": tasks.c.state, "part": func.coalesce(attempts.c.part, "")}
    columns |= {"kind": tasks.c.error["type"].as_string(), "told": tasks.c.error["message"].as_string()}
    failed = and_(attempts.c.run_id == tasks.c.run_id, attempts.c.task == tasks.c.task, attempts.c.state == "failed")
    read = _marked(READ, tasks.c.finished_at, **columns).select_from(
        runs.join(tasks, tasks.c.run_id == runs.c.run_id).outerjoin(attempts, failed)
    )
    unused = _marked(UNUSED, deliveries.c.last_read_at, name=deliveries.c.dataset, told=deliveries.c.rejected)
    unused = unused.join_from(runs, deliveries, deliveries.c.run_id == runs.c.run_id)
    after = or_(finished.is_(None), deliveries.c.last_read_at > finished)
    return (
        read.where(runs.c.run_id.in_(recent), tasks.c.task.in_(readers.tasks)),
        unused.where(deliveries.c.rejected.is_not(None), after, IS_OFFICIAL),
    )
