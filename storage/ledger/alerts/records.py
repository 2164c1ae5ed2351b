"""Alerts and their occurrences. A subject has one alert of a rule at a time, and an occurrence counts once.

So several processes may look at the same time: what one has recorded, the others find.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, insert, or_, select, type_coerce, update

from storage.db.alert_tables import alert_occurrences, alert_silences, alert_watch, alerts
from storage.db.ledger import LedgerRow
from storage.db.types import Moment
from storage.errors import StorageError

OPEN: Final = "open"
ACKNOWLEDGED: Final = "acknowledged"
RESOLVED: Final = "resolved"
BEFORE = timedelta(days=1)  # what ended so long before the first look is alerted too


@dataclass(frozen=True)
class Occurrence:
    """Something that went wrong: the rule it breaks, its subject, and what makes it another occurrence than the last.

    `key` is a run, a slot or a decision; '' for a state that lasts, which occurs once until its alert is resolved.
    """

    rule: str
    subject: str
    key: str
    summary: str
    advice: str
    run_id: str | None = None


class UnknownAlert(StorageError):
    """The ledger has no alert with that id."""

    exit_code = 2


def watched_since(connection: Connection, now: datetime) -> datetime:
    """The time from which on what happens is alerted: a day before the first look, else every old failure would be."""
    since = connection.execute(select(alert_watch.c.since)).scalar()
    return now - BEFORE if since is None else since


def is_watched(connection: Connection) -> bool:
    """Whether the first look is recorded."""
    return connection.execute(select(alert_watch.c.since)).first() is not None


def begin_watch(connection: Connection, now: datetime) -> None:
    """Records the first look, unless it is recorded."""
    if not is_watched(connection):
        connection.execute(insert(alert_watch).values(watch_id=1, since=now - BEFORE))


def known_occurrences(connection: Connection, rule: str, keys: Collection[str]) -> set[str]:
    """Those of the keys that are recorded for the rule."""
    column = alert_occurrences.c.occurrence
    query = select(column).where(alert_occurrences.c.rule == rule, column.in_(keys))
    return set(connection.execute(query).scalars()) if keys else set()


def record(connection: Connection, found: Occurrence, now: datetime) -> int | None:
    """The id of the alert that an occurrence raised or was added to; None when the occurrence was recorded before."""
    alert = unresolved_alert(connection, found.rule, found.subject)
    if alert is not None and not found.key:
        return None
    key = found.key or now.isoformat()
    if known_occurrences(connection, found.rule, [key]):
        return None
    said = {"summary": found.summary, "advice": found.advice, "run_id": found.run_id, "last_seen": now}
    if alert is None:
        new = {"rule": found.rule, "subject": found.subject, "state": OPEN, "first_seen": now, "count": 1, **said}
        alert_id = connection.execute(insert(alerts).values(new).returning(alerts.c.alert_id)).scalar_one()
    else:
        alert_id = alert.alert_id
        again = update(alerts).where(alerts.c.alert_id == alert_id)
        connection.execute(again.values(**said, count=alerts.c.count + 1))
    values = {"rule": found.rule, "subject": found.subject, "occurrence": key, "alert_id": alert_id, "seen_at": now}
    connection.execute(insert(alert_occurrences).values(values))
    return int(alert_id)


def seen(connection: Connection, alert_ids: Collection[int], now: datetime) -> None:
    """Records that what these alerts are about still is so."""
    if alert_ids:
        connection.execute(update(alerts).where(alerts.c.alert_id.in_(alert_ids)).values(last_seen=now))


def resolve(connection: Connection, alert_ids: Collection[int], now: datetime) -> None:
    """Ends alerts whose cause is over."""
    if alert_ids:
        ended = update(alerts).where(alerts.c.alert_id.in_(alert_ids), alerts.c.state != RESOLVED)
        connection.execute(ended.values(state=RESOLVED, resolved_at=now))


def acknowledge(connection: Connection, alert_id: int, who: str, note: str, now: datetime) -> bool:
    """Records that a person takes care of an open alert. False when it is acknowledged or resolved already."""
    values = {"state": ACKNOWLEDGED, "acknowledged_at": now, "acknowledged_by": who, "note": note}
    query = update(alerts).where(alerts.c.alert_id == alert_id, alerts.c.state == OPEN).values(**values)
    return bool(connection.execute(query).rowcount)


def mark_told(connection: Connection, alert_ids: Collection[int], now: datetime) -> None:
    """Records that messages about these alerts were made."""
    if alert_ids:
        query = update(alerts).where(alerts.c.alert_id.in_(alert_ids))
        connection.execute(query.values(told_at=now, silence_id=None))


def mark_silenced(connection: Connection, silenced: dict[int, int]) -> None:
    """Records which silence keeps each alert from being told."""
    for alert_id, silence_id in silenced.items():
        connection.execute(update(alerts).where(alerts.c.alert_id == alert_id).values(silence_id=silence_id))


def unresolved_alert(connection: Connection, rule: str, subject: str) -> LedgerRow | None:
    """The alert of a rule about a subject that has not ended; None when there is none."""
    query = select(alerts).where(alerts.c.rule == rule, alerts.c.subject == subject, alerts.c.state != RESOLVED)
    return connection.execute(query).first()


def unresolved_alerts(connection: Connection) -> Sequence[LedgerRow]:
    """The alerts that have not ended, the oldest first."""
    return connection.execute(select(alerts).where(alerts.c.state != RESOLVED).order_by(alerts.c.alert_id)).all()


def unresolved_with_silence(connection: Connection, now: datetime) -> list[tuple[LedgerRow, datetime | None]]:
    """The alerts that have not ended, oldest first, each with the time until which it is silenced, if it is."""
    going_on = alert_silences.c.ended_at.is_(None), alert_silences.c.until > now
    about = or_(alert_silences.c.subject.is_(None), alert_silences.c.subject == alerts.c.subject)
    until = (
        select(func.max(alert_silences.c.until))
        .where(alert_silences.c.rule == alerts.c.rule, about, *going_on)
        .scalar_subquery()
    )
    query = select(alerts, type_coerce(until, Moment).label("silenced_until")).where(alerts.c.state != RESOLVED)
    return [(row, row.silenced_until) for row in connection.execute(query.order_by(alerts.c.alert_id))]


def alert_rows(connection: Connection, limit: int = 50) -> Sequence[LedgerRow]:
    """The alerts that have not ended, and the newest that have, each kind newest first."""
    ended = alerts.c.state == RESOLVED
    query = select(alerts).order_by(ended, alerts.c.alert_id.desc()).limit(limit)
    return connection.execute(query).all()


def alert_row(connection: Connection, alert_id: int) -> LedgerRow:
    """The row of an alert. Raises UnknownAlert when there is none, which names those that have not ended."""
    row = connection.execute(select(alerts).where(alerts.c.alert_id == alert_id)).first()
    if row is None:
        known = ", ".join(str(each.alert_id) for each in unresolved_alerts(connection))
        raise UnknownAlert(f"There is no alert {alert_id}; {f'open are {known}' if known else 'none is open'}.")
    return row


def alerts_named(connection: Connection, alert_ids: Collection[int]) -> Sequence[LedgerRow]:
    """The rows of these alerts, the oldest first."""
    return connection.execute(select(alerts).where(alerts.c.alert_id.in_(alert_ids)).order_by(alerts.c.alert_id)).all()
