"""The audit log: who did what, when and why; append-only, within the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from storage.ledger import Record
from storage.schema import actions


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


def action_rows(connection: Connection, limit: int = 100) -> Sequence[Record]:
    """The newest actions, newest first."""
    return connection.execute(select(actions).order_by(actions.c.action_id.desc()).limit(limit)).all()
