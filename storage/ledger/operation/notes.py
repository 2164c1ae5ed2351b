"""Notes in the ledger, on a date, a run or a retraining decision. A removed note stays, with who removed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import notes

KINDS = ("date", "run", "decision")


@dataclass(frozen=True)
class Note:
    """A note: one of KINDS with its `subject` (a date, a run's id, the monitoring date of a decision), and its day."""

    kind: str
    subject: str
    day: date
    words: str
    who: str


def add_note(connection: Connection, note: Note, now: datetime) -> LedgerRow:
    """The new note."""
    return connection.execute(insert(notes).values(**vars(note), at=now).returning(*notes.c)).one()


def note_row(connection: Connection, note_id: int) -> LedgerRow | None:
    """The note with that id, also a removed one; None when there is none."""
    return connection.execute(select(notes).where(notes.c.note_id == note_id)).first()


def remove_note(connection: Connection, note_id: int, who: str, now: datetime) -> bool:
    """Marks a note as removed. False when it was removed before."""
    query = update(notes).where(notes.c.note_id == note_id, notes.c.removed_at.is_(None))
    return bool(connection.execute(query.values(removed_at=now, removed_by=who)).rowcount)


def notes_between(
    connection: Connection, first: date | None = None, last: date | None = None, limit: int = 500
) -> Sequence[LedgerRow]:
    """The newest notes whose day lies in a period, by day, without the removed ones; None is without a bound."""
    query = select(notes).where(notes.c.removed_at.is_(None))
    if first is not None:
        query = query.where(notes.c.day >= first)
    if last is not None:
        query = query.where(notes.c.day <= last)
    newest = connection.execute(query.order_by(notes.c.day.desc(), notes.c.note_id.desc()).limit(limit)).all()
    return newest[::-1]


def notes_on(connection: Connection, kind: str, subject: str) -> Sequence[LedgerRow]:
    """The notes on one subject, oldest first, without the removed ones."""
    query = select(notes).where(notes.c.kind == kind, notes.c.subject == subject, notes.c.removed_at.is_(None))
    return connection.execute(query.order_by(notes.c.note_id)).all()
