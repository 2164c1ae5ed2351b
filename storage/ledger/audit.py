"""The audit log: who did what, when and why. Append-only, within the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from storage.db.ledger import LedgerRow
from storage.db.schema import actions, runs

GATE, PROMOTION_TEST = "governance gate", "promotion test"  # who acts without a user


@dataclass(frozen=True)
class Action:
    """An action of a user or of the gate: `action` (run, resume, cancel, pause, promote, ...) on `subject`.

    `changes` has by name the value before and the value after, as plain JSON types.
    """

    who: str
    action: str
    subject: str
    reason: str = ""
    changes: Mapping[str, Sequence[Any]] = field(default_factory=dict)


def record_action(connection: Connection, action: Action, now: datetime) -> None:
    """Appends an action to the audit log."""
    connection.execute(insert(actions).values(**{**vars(action), "changes": action.changes or None}, at=now))


@dataclass(frozen=True)
class ActionFilter:
    """Conditions on user, kind of action, subject and time, all of which must hold. None sets no condition.

    `about` is a part of the subject, in any case. The times are from `since` on and before `until`.
    """

    who: str | None = None
    action: str | None = None
    subject: str | None = None
    about: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def action_page(connection: Connection, where: ActionFilter, limit: int, skip: int = 0) -> Sequence[LedgerRow]:
    """A page of the actions that match, newest first: `limit` of them after the newest `skip`."""
    query = select(actions).order_by(actions.c.action_id.desc()).limit(limit).offset(skip)
    return connection.execute(_filtered(where, query)).all()


def actions_of(connection: Connection, kinds: Sequence[str]) -> Sequence[LedgerRow]:
    """Every action of users of these kinds, oldest first; of one on a run also what it was to do."""
    query = select(actions, runs.c.pipeline, runs.c.cause, runs.c.force, runs.c.params, runs.c.as_of).outerjoin(
        runs, runs.c.run_id == actions.c.subject
    )
    by_people = actions.c.action.in_(kinds) & actions.c.who.not_in((GATE, PROMOTION_TEST))
    return connection.execute(query.where(by_people).order_by(actions.c.action_id)).all()


def action_count(connection: Connection, where: ActionFilter) -> int:
    """How many actions match."""
    return int(connection.execute(_filtered(where, select(func.count()).select_from(actions))).scalar_one())


def people_and_kinds(connection: Connection, limit: int = 200) -> tuple[list[str], list[str]]:
    """(the users, the kinds of actions) in the audit log, both in alphabetical order."""
    people, kinds = (
        list(connection.execute(select(column).distinct().order_by(column).limit(limit)).scalars())
        for column in (actions.c.who, actions.c.action)
    )
    return people, kinds


def _filtered(where: ActionFilter, query: Select[Any]) -> Select[Any]:
    for column, value in (
        (actions.c.who, where.who),
        (actions.c.action, where.action),
        (actions.c.subject, where.subject),
    ):
        if value is not None:
            query = query.where(column == value)
    if where.about:
        query = query.where(actions.c.subject.icontains(where.about, autoescape=True))
    if where.since is not None:
        query = query.where(actions.c.at >= where.since)
    return query if where.until is None else query.where(actions.c.at < where.until)
