"""Requests for the approval of a model, and their decisions. Append-only, within the caller's transaction.

At most one request waits at a time. A new request, or another champion, closes it for good: no rollback opens it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select

from storage.db.ledger import LedgerRow
from storage.db.model_tables import approvals
from storage.db.schema import runs

REQUESTED, APPROVED, REJECTED, SUPERSEDED = "requested", "approved", "rejected", "superseded"
State = Literal["waiting", "approved", "rejected", "superseded"]
NEWEST = select(func.max(approvals.c.event_id)).group_by(approvals.c.version)
WAITING = select(approvals).where(approvals.c.event_id.in_(NEWEST), approvals.c.event == REQUESTED)


@dataclass(frozen=True)
class ApprovalEvent:
    """A request for the approval of a version, its decision, or its end without one (`superseded`).

    `champion` is who was champion at the request, None for none. `run_id` is the run that made the request, None when a
    person did.
    """

    version: str
    event: str
    champion: str | None
    who: str
    why: str
    run_id: str | None = None


@dataclass(frozen=True)
class Approval:
    """The newest event about a version, and the state of its request.

    `who` requested it, decided it or superseded it, for the reason `why`.
    """

    version: str
    state: State
    champion: str | None
    who: str
    why: str
    at: datetime
    run_id: str | None

    def as_json(self) -> dict[str, Any]:
        """The approval as plain JSON types."""
        return {**vars(self), "at": self.at.isoformat()}


def record_approval(connection: Connection, event: ApprovalEvent, now: datetime) -> None:
    """Appends a request or its decision. A request supersedes the one that waits."""
    if event.event == REQUESTED:
        close_request(connection, event.who, f"The approval of model {event.version} was requested.", now)
    connection.execute(insert(approvals).values(**vars(event), at=now))


def close_request(connection: Connection, who: str, why: str, now: datetime) -> None:
    """Ends the request that waits, if one does, without a decision."""
    for row in connection.execute(WAITING).all():
        ended = ApprovalEvent(row.version, SUPERSEDED, row.champion, who, why)
        connection.execute(insert(approvals).values(**vars(ended), at=now))


def approvals_by_version(connection: Connection, limit: int = 1000) -> Mapping[str, Approval]:
    """The newest request of each version, decided or not, the newest first."""
    query = select(approvals).where(approvals.c.event_id.in_(NEWEST)).order_by(approvals.c.event_id.desc())
    return {row.version: approval_of_row(row) for row in connection.execute(query.limit(limit))}


def approval_rows(connection: Connection) -> Sequence[LedgerRow]:
    """Every request for an approval and every decision on one, oldest first; `as_of` is that of its run, if any."""
    query = select(approvals, runs.c.as_of).outerjoin(runs, runs.c.run_id == approvals.c.run_id)
    return connection.execute(query.order_by(approvals.c.event_id)).all()


def open_request(connection: Connection) -> Approval | None:
    """The request that waits for a decision; None when none does."""
    row = connection.execute(WAITING).first()
    return None if row is None else approval_of_row(row)


def approval_of_row(row: LedgerRow, prefix: str = "") -> Approval:
    """The approval of a row whose columns are those of the table, with a prefix."""
    names = ("version", "champion", "who", "why", "at", "run_id")
    event = getattr(row, f"{prefix}event")
    state: State = "waiting" if event == REQUESTED else event
    return Approval(state=state, **{name: getattr(row, f"{prefix}{name}") for name in names})
