"""Silences: rules, of one subject or of all, that are not told until a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from storage.db.alert_tables import alert_silences
from storage.db.ledger import LedgerRow


@dataclass(frozen=True)
class Silence:
    """What a person silences; `subject` None for every subject of the rule."""

    rule: str
    subject: str | None
    until: datetime
    who: str
    reason: str


def add_silence(connection: Connection, silence: Silence, now: datetime) -> int:
    """The id of a new silence. It ends an earlier one of the same rule and subject."""
    end_silences(connection, silence.rule, silence.subject, silence.who, now)
    new = insert(alert_silences).values(**vars(silence), created_at=now)
    return int(connection.execute(new.returning(alert_silences.c.silence_id)).scalar_one())


def end_silences(connection: Connection, rule: str, subject: str | None, who: str, now: datetime) -> int:
    """Ends the silences of a rule and exactly this subject. Returns how many these were."""
    same = alert_silences.c.subject.is_(None) if subject is None else alert_silences.c.subject == subject
    going_on = alert_silences.c.ended_at.is_(None), alert_silences.c.until > now
    query = update(alert_silences).where(alert_silences.c.rule == rule, same, *going_on)
    return connection.execute(query.values(ended_at=now, ended_by=who)).rowcount


def silences(connection: Connection, now: datetime) -> Sequence[LedgerRow]:
    """The silences that go on, the one that ends first at first."""
    query = select(alert_silences).where(alert_silences.c.ended_at.is_(None), alert_silences.c.until > now)
    return connection.execute(query.order_by(alert_silences.c.until, alert_silences.c.silence_id)).all()


def silence_of(rows: Sequence[LedgerRow], rule: str, subject: str) -> LedgerRow | None:
    """The silence among `rows` that covers a rule and subject, the one that lasts longest; None when none does."""
    return next((row for row in reversed(rows) if row.rule == rule and row.subject in (None, subject)), None)
