"""Governance decisions in the ledger: status, action and reason. Within the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, func, insert, not_, or_, select

from storage.db.ledger import LedgerRow
from storage.db.schema import decisions, runs

DATA_FAULT: Final = "data fault"


@dataclass(frozen=True)
class GovernanceDecision:
    """A decision of one monitoring run. `action` is none, requested, suppressed or escalated (to a person)."""

    run_id: str
    monitoring_date: date
    status: str
    numbers: dict[str, Any]
    action: str
    reason: str
    requested_run_id: str | None = None


def record_decision(connection: Connection, decision: GovernanceDecision, now: datetime) -> None:
    """Appends a decision."""
    connection.execute(insert(decisions).values(**vars(decision), decided_at=now))


def is_decided(connection: Connection, run_id: str) -> bool:
    """Whether the decision of a monitoring run is recorded already (a cached task returns it again)."""
    query = select(decisions.c.decision_id).where(decisions.c.run_id == run_id)
    return connection.execute(query).first() is not None


def past_decisions(connection: Connection, until: date) -> Sequence[LedgerRow]:
    """Every decision up to a monitoring date, in order: date, status, action, requested run and that run's state."""
    query = (
        select(
            decisions.c.monitoring_date,
            decisions.c.status,
            decisions.c.action,
            decisions.c.requested_run_id,
            runs.c.state,
        )
        .join_from(decisions, runs, runs.c.run_id == decisions.c.requested_run_id, isouter=True)
        .where(decisions.c.monitoring_date <= until)
    )
    return connection.execute(query.order_by(decisions.c.monitoring_date, decisions.c.decision_id)).all()


def decision_rows(connection: Connection, limit: int = 100, run_id: str | None = None) -> Sequence[LedgerRow]:
    """The newest decisions, newest first; only those of one monitoring run when `run_id` is given."""
    query = select(decisions).order_by(decisions.c.decision_id.desc()).limit(limit)
    return connection.execute(query.where(decisions.c.run_id == run_id) if run_id else query).all()


def decisions_that_requested(connection: Connection, run_ids: Sequence[str]) -> Sequence[LedgerRow]:
    """The decisions that requested one of these runs."""
    return connection.execute(select(decisions).where(decisions.c.requested_run_id.in_(run_ids))).all()


def decision_for(connection: Connection, day: date) -> LedgerRow | None:
    """The newest decision for a monitoring date; None when there is none."""
    query = select(decisions).where(decisions.c.monitoring_date == day)
    return connection.execute(query.order_by(decisions.c.decision_id.desc()).limit(1)).first()


def decision_page(connection: Connection, limit: int, skip: int = 0, *, acted: bool = False) -> Sequence[LedgerRow]:
    """A page of decisions, newest first: `limit` of them after the newest `skip`.

    With `acted`, only decisions with an action: requested, suppressed or escalated.
    """
    query = select(decisions).order_by(decisions.c.decision_id.desc()).limit(limit).offset(skip)
    return connection.execute(query.where(decisions.c.action != "none") if acted else query).all()


def decision_count(connection: Connection, *, acted: bool = False) -> int:
    """How many decisions `decision_page` has in all its pages."""
    query = select(func.count()).select_from(decisions)
    return int(connection.execute(query.where(decisions.c.action != "none") if acted else query).scalar_one())


def open_escalation(connection: Connection) -> LedgerRow | None:
    """The latest escalated decision that is open; None when there is none.

    One on a data fault is open while the newest decision is on a data fault, another one until a decision is healthy.
    """
    order = (decisions.c.monitoring_date.desc(), decisions.c.decision_id.desc())
    newest = connection.execute(select(decisions.c.status).order_by(*order).limit(1)).scalar()
    escalated, fault = decisions.c.action == "escalated", decisions.c.status == DATA_FAULT
    if newest == DATA_FAULT:
        return connection.execute(select(decisions).where(escalated, fault).order_by(*order).limit(1)).first()
    either = or_(and_(escalated, not_(fault)), decisions.c.status == "healthy")
    row = connection.execute(select(decisions).where(either).order_by(*order).limit(1)).first()
    return row if row is not None and row.action == "escalated" else None


def decisions_between(connection: Connection, first: date, last: date, limit: int = 1500) -> Sequence[LedgerRow]:
    """The newest decisions for the monitoring dates of a period, newest first, without their numbers."""
    columns = [column for column in decisions.c if column.name != "numbers"]
    query = select(*columns).where(decisions.c.monitoring_date >= first, decisions.c.monitoring_date <= last)
    return connection.execute(query.order_by(decisions.c.decision_id.desc()).limit(limit)).all()


def decision_days(connection: Connection, limit: int) -> Sequence[LedgerRow]:
    """Date, status and reason of the newest decision for each of the newest monitoring dates, newest first."""
    newest = select(func.max(decisions.c.decision_id)).group_by(decisions.c.monitoring_date)
    columns = (decisions.c.monitoring_date, decisions.c.status, decisions.c.reason)
    query = select(*columns).where(decisions.c.decision_id.in_(newest))
    return connection.execute(query.order_by(decisions.c.monitoring_date.desc()).limit(limit)).all()


def newest_decision(connection: Connection) -> LedgerRow | None:
    """The newest decision for the newest monitoring date; None before the first."""
    order = decisions.c.monitoring_date.desc(), decisions.c.decision_id.desc()
    return connection.execute(select(decisions).order_by(*order).limit(1)).first()
