"""The audit log: who did what, when and why; append-only, within the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from storage.db.ledger import LedgerRow
from storage.db.schema import actions


@dataclass(frozen=True)
class Action:
    """Something that a person did: `action` (run, resume, cancel, pause, promote, ...) to `subject`."""

    who: str
    action: str
    subject: str
    reason: str = ""


def note(connection: Connection, action: Action, now: datetime) -> None:
    """Appends an action to the audit log."""
    connection.execute(insert(actions).values(**vars(action), at=now))


def action_rows(connection: Connection, limit: int = 100) -> Sequence[LedgerRow]:
    """The newest actions, newest first."""
    return connection.execute(select(actions).order_by(actions.c.action_id.desc()).limit(limit)).all()


@dataclass(frozen=True)
class ActionFilter:
    """Which actions: those of a person, of a kind, on a subject, or all of it together; by default all."""

    who: str | None = None
    action: str | None = None
    subject: str | None = None


def action_page(connection: Connection, wanted: ActionFilter, limit: int, skip: int = 0) -> Sequence[LedgerRow]:
    """The newest of the actions that are wanted, behind the `skip` newest ones, newest first."""
    query = select(actions).order_by(actions.c.action_id.desc()).limit(limit).offset(skip)
    return connection.execute(_of(wanted, query)).all()


def action_count(connection: Connection, wanted: ActionFilter) -> int:
    """How many actions are wanted."""
    return int(connection.execute(_of(wanted, select(func.count()).select_from(actions))).scalar_one())


def people_and_kinds(connection: Connection, limit: int = 200) -> tuple[list[str], list[str]]:
    """Who is in the audit log, and with what kinds of actions, in the order of the alphabet."""
    found = (
        connection.execute(select(column).distinct().order_by(column).limit(limit)).scalars().all()
        for column in (actions.c.who, actions.c.action)
    )
    people, kinds = (list(each) for each in found)
    return people, kinds


def _of(wanted: ActionFilter, query: Select[Any]) -> Select[Any]:
    for column, value in (
        (actions.c.who, wanted.who),
        (actions.c.action, wanted.action),
        (actions.c.subject, wanted.subject),
    ):
        if value is not None:
            query = query.where(column == value)
    return query
