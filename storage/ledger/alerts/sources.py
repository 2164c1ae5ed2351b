"""What alerts are about, as the ledger has it: runs that failed, decisions on the model, late pipelines, processes."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Connection, and_, func, select

from storage.db.alert_tables import alert_occurrences
from storage.db.ledger import LedgerRow
from storage.db.schema import decisions, processes, runs, slots
from storage.ledger.runs import IS_OFFICIAL

HANDED_BACK = "HandedBack"  # the type of the error of a run that its worker gave back


def new_failures(connection: Connection, rule: str, state: str, since: datetime) -> Sequence[LedgerRow]:
    """The runs that ended in a state since then and are no occurrence of the rule yet, oldest first.

    Without trials and runs of a replay, whose person watches them, and without those that their worker gave back and
    requeued.
    """
    seen = and_(alert_occurrences.c.rule == rule, alert_occurrences.c.occurrence == runs.c.run_id)
    columns = runs.c.run_id, runs.c.pipeline, runs.c.error, runs.c.cause_detail
    query = (
        select(*columns)
        .outerjoin(alert_occurrences, seen)
        .where(runs.c.state == state, runs.c.finished_at >= since, alert_occurrences.c.rule.is_(None), IS_OFFICIAL)
        .order_by(runs.c.finished_at, runs.c.run_id)
    )
    found = [row for row in connection.execute(query) if "replay" not in row.cause_detail]
    return [row for row in found if not _was_requeued(connection, row)]


def recovered(connection: Connection, pipeline: str, run_id: str) -> bool:
    """Whether a run of the pipeline, no trial, succeeded after that run ended, for its as-of date or a later one."""
    failed = connection.execute(select(runs.c.as_of, runs.c.finished_at).where(runs.c.run_id == run_id)).first()
    if failed is None:
        return True
    later = runs.c.finished_at > failed.finished_at, runs.c.as_of >= failed.as_of, IS_OFFICIAL
    query = select(runs.c.run_id).where(runs.c.pipeline == pipeline, runs.c.state == "succeeded", *later)
    return connection.execute(query.limit(1)).first() is not None


def succeeded_since(connection: Connection, pipeline: str, day: date) -> bool:
    """Whether a run of the pipeline, no trial, succeeded for that as-of date or a later one."""
    succeeded = (runs.c.state == "succeeded") & IS_OFFICIAL
    query = select(runs.c.run_id).where(runs.c.pipeline == pipeline, succeeded, runs.c.as_of >= day)
    return connection.execute(query.limit(1)).first() is not None


def slot_outcome(connection: Connection, slot: str) -> str | None:
    """The recorded outcome of a slot; None while it has none."""
    outcome: str | None = connection.execute(select(slots.c.outcome).where(slots.c.slot == slot)).scalar()
    return outcome


def newest_decision(connection: Connection) -> LedgerRow | None:
    """The decision of the newest monitoring date; None before the first."""
    columns = decisions.c.decision_id, decisions.c.run_id, decisions.c.status, decisions.c.reason, decisions.c.action
    query = select(*columns, decisions.c.monitoring_date)
    return connection.execute(
        query.order_by(decisions.c.monitoring_date.desc(), decisions.c.decision_id.desc()).limit(1)
    ).first()


def decisions_since(connection: Connection, status: str, since: datetime) -> Sequence[LedgerRow]:
    """The decisions of a status since then, oldest first, without those of a replay."""
    columns = decisions.c.decision_id, decisions.c.run_id, decisions.c.reason, decisions.c.action
    query = (
        select(*columns, decisions.c.monitoring_date, runs.c.cause_detail)
        .join(runs, runs.c.run_id == decisions.c.run_id)
        .where(decisions.c.status == status, decisions.c.decided_at >= since)
        .order_by(decisions.c.decision_id)
    )
    return [row for row in connection.execute(query) if "replay" not in row.cause_detail]


def running_processes(connection: Connection) -> Sequence[LedgerRow]:
    """The processes that have not ended in an orderly way, with their last heartbeats."""
    return connection.execute(select(processes).where(processes.c.stopped_at.is_(None))).all()


def hosts(connection: Connection) -> set[str]:
    """The hosts of the processes of the last week."""
    return set(connection.execute(select(processes.c.host).distinct()).scalars())


def oldest_queued(connection: Connection) -> LedgerRow | None:
    """The run that waits longest for a worker; None when none waits."""
    query = select(runs.c.run_id, runs.c.pipeline, runs.c.requested_at).where(runs.c.state == "queued")
    return connection.execute(query.order_by(runs.c.requested_at).limit(1)).first()


def _was_requeued(connection: Connection, row: LedgerRow) -> bool:
    if (row.error or {}).get("type") != HANDED_BACK:
        return False
    query = select(func.count()).select_from(runs).where(runs.c.parent_run_id == row.run_id)
    return bool(connection.execute(query).scalar_one())
