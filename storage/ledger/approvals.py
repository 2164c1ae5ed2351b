"""Requests for the approval of a model, and their decisions. Append-only, within the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select

from storage.db.ledger import LedgerRow
from storage.db.model_tables import alias_events, approvals, models
from storage.ledger.models import CHAMPION, ModelVersion, model_of_row

REQUESTED, APPROVED, REJECTED = "requested", "approved", "rejected"
State = Literal["waiting", "approved", "rejected", "superseded"]
NEWEST = select(func.max(approvals.c.event_id)).group_by(approvals.c.version)
LAST = select(func.max(alias_events.c.event_id)).where(alias_events.c.alias == CHAMPION).scalar_subquery()


@dataclass(frozen=True)
class ApprovalEvent:
    """A request for the approval of a version, or its decision.

    `champion` is who was champion at the request, None for none: no other champion may be replaced. `run_id` is the run
    that made the request, None when a person did.
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

    A request is `superseded` when another model has become champion since. `who` requested or decided, for the reason
    `why`.
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
    """Appends a request or its decision."""
    connection.execute(insert(approvals).values(**vars(event), at=now))


def approvals_by_version(connection: Connection, limit: int = 1000) -> Mapping[str, Approval]:
    """The newest request of each version, decided or not, the newest first."""
    present = select(alias_events.c.version).where(alias_events.c.event_id == LAST).scalar_subquery().label("present")
    query = select(approvals, present).where(approvals.c.event_id.in_(NEWEST)).order_by(approvals.c.event_id.desc())
    return {row.version: _approval(row, row.present) for row in connection.execute(query.limit(limit))}


def champion_and_requests(connection: Connection) -> tuple[ModelVersion | None, list[Approval]]:
    """(the champion, the requests that wait for a decision, newest first), in one statement if there is a champion."""
    undecided = approvals.c.event_id.in_(NEWEST), approvals.c.event == REQUESTED
    requests = select(approvals).where(*undecided).subquery()
    query = (
        select(models, *(column.label(f"request_{column.name}") for column in requests.c))
        .join(alias_events, alias_events.c.version == models.c.version)
        .outerjoin(requests, requests.c.champion == models.c.version)
        .where(alias_events.c.event_id == LAST)
        .order_by(requests.c.event_id.desc())
    )
    rows = connection.execute(query).all()
    if not rows:
        return None, [one for one in approvals_by_version(connection).values() if one.state == "waiting"]
    names = ("version", "champion", "who", "why", "at", "run_id")
    found = [{name: getattr(row, f"request_{name}") for name in names} for row in rows if row.request_version]
    return model_of_row(rows[0]), [Approval(state="waiting", **request) for request in found]


def _approval(row: LedgerRow, present: str | None) -> Approval:
    undecided: State = "waiting" if row.champion == present else "superseded"
    state = undecided if row.event == REQUESTED else row.event
    return Approval(row.version, state, row.champion, row.who, row.why, row.at, row.run_id)
