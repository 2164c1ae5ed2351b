"""Messages about alerts: a queue for each channel. A message is made once, and has the same key in every attempt.

`pending` waits for an attempt, `sending` has one under way, `sent` and `failed` have ended. An attempt whose process
ended in its midst may or may not have delivered the message: it is tried again as `repeated`.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, select, update

from storage.db.alert_tables import alert_messages, alert_notices, alerts
from storage.db.ledger import LedgerRow

CUT_OFF = "the process that sent it ended, or lost the ledger, before the outcome was known"


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: without `error` the message is sent, else it is tried again after `pause`, or failed."""

    error: str | None = None
    unsure: bool = False  # whether the message may have been delivered in spite of the error
    pause: timedelta | None = None


def add_notices(
    connection: Connection, channels: Collection[str], reasons: dict[int, str], wait: timedelta, now: datetime
) -> None:
    """Puts alerts into a message for each channel: into one that waits for its first attempt, else into a new one.

    `reasons` are raised, repeated or resolved by alert; `wait` is the time until the first attempt of a new message.
    """
    for channel in channels if reasons else ():
        message_id = _waiting(connection, channel)
        if message_id is None:
            values = {"delivery": secrets.token_hex(16), "channel": channel, "state": "pending", "attempts": 0}
            times = {"repeated": False, "created_at": now, "next_at": now + wait}
            new = insert(alert_messages).values(values | times).returning(alert_messages.c.message_id)
            message_id = connection.execute(new).scalar_one()
        held = {row.alert_id for row in notice_rows(connection, [message_id])}
        rows = [
            {"message_id": message_id, "alert_id": alert_id, "reason": reason}
            for alert_id, reason in reasons.items()
            if alert_id not in held  # its message is composed at the first attempt, and tells how it is then
        ]
        if rows:
            connection.execute(insert(alert_notices), rows)


def due_message(connection: Connection, channel: str, now: datetime) -> LedgerRow | None:
    """The oldest message of a channel for which an attempt is due; None when there is none."""
    due = alert_messages.c.state.in_(("pending", "sending")) & (alert_messages.c.next_at <= now)
    query = select(alert_messages).where(alert_messages.c.channel == channel, due)
    return connection.execute(query.order_by(alert_messages.c.message_id).limit(1)).first()


def begin_attempt(
    connection: Connection, message: LedgerRow, content: dict[str, Any], sender: str, until: datetime
) -> LedgerRow:
    """The message of `due_message` with an attempt under way, which counts as cut off at `until`.

    `content` is kept with the first attempt. A message whose last attempt was cut off is `repeated` from now on.
    """
    kept = message.content if message.content is not None else content
    values = {
        "state": "sending",
        "attempts": message.attempts + 1,
        "repeated": message.repeated or message.state == "sending",
        "content": kept,
        "sender": sender,
        "next_at": until,
        "error": CUT_OFF if message.state == "sending" else message.error,
    }
    query = update(alert_messages).where(alert_messages.c.message_id == message.message_id)
    return connection.execute(query.values(**values).returning(*alert_messages.c)).one()


def end_attempt(connection: Connection, message: LedgerRow, outcome: Outcome, now: datetime) -> bool:
    """Records the outcome of the attempt in `message`. False when it had counted as cut off and was made again."""
    state = "sent" if outcome.error is None else "failed" if outcome.pause is None else "pending"
    values: dict[str, Any] = {"state": state, "error": outcome.error}
    if outcome.error is None:
        values["sent_at"] = now
    else:
        values |= {"repeated": message.repeated or outcome.unsure, "next_at": now + (outcome.pause or timedelta())}
    mine = and_(
        alert_messages.c.message_id == message.message_id,
        alert_messages.c.state == "sending",
        alert_messages.c.attempts == message.attempts,
    )
    return bool(connection.execute(update(alert_messages).where(mine).values(**values)).rowcount)


def free_cut_off(connection: Connection, senders: Collection[str], now: datetime) -> int:
    """Makes attempts due whose processes have ended, without waiting for their time. Returns how many these were."""
    under_way = alert_messages.c.state == "sending", alert_messages.c.next_at > now
    query = update(alert_messages).where(*under_way, alert_messages.c.sender.in_(senders))
    return connection.execute(query.values(next_at=now)).rowcount if senders else 0


def senders(connection: Connection) -> list[str]:
    """The processes with an attempt under way."""
    query = select(alert_messages.c.sender).where(alert_messages.c.state == "sending").distinct()
    return [str(each) for each in connection.execute(query).scalars()]


def fail_unset(connection: Connection, channels: Collection[str]) -> int:
    """Fails the waiting messages of channels other than these, which are not set any more. Returns their number."""
    other = alert_messages.c.state == "pending", alert_messages.c.channel.not_in(channels)
    failed = {"state": "failed", "error": "the channel is not set any more; set it and enter `alerts retry`"}
    return connection.execute(update(alert_messages).where(*other).values(**failed)).rowcount


def unset_waits(connection: Connection, channels: Collection[str]) -> bool:
    """Whether a message waits for a channel other than these."""
    other = alert_messages.c.state == "pending", alert_messages.c.channel.not_in(channels)
    return connection.execute(select(alert_messages.c.message_id).where(*other).limit(1)).first() is not None


def retry_failed(connection: Connection, now: datetime) -> int:
    """Makes every failed message pending, with all its attempts before it. Returns how many these were."""
    again = {"state": "pending", "attempts": 0, "next_at": now}
    failed = alert_messages.c.state == "failed"
    return connection.execute(update(alert_messages).where(failed).values(**again)).rowcount


def mark_unsure(connection: Connection) -> None:
    """Marks what waits as possibly sent before: since a backup was made, the deployment that was copied may have."""
    waiting = alert_messages.c.state.in_(("pending", "sending"))
    connection.execute(update(alert_messages).where(waiting).values(repeated=True))


def message_rows(connection: Connection, limit: int = 20, state: str | None = None) -> Sequence[LedgerRow]:
    """The newest messages, newest first."""
    query = select(alert_messages).order_by(alert_messages.c.message_id.desc()).limit(limit)
    return connection.execute(query.where(alert_messages.c.state == state) if state else query).all()


def last_ended(connection: Connection) -> Sequence[LedgerRow]:
    """The newest message of each channel that was sent or failed."""
    ended = select(func.max(alert_messages.c.message_id)).where(alert_messages.c.state.in_(("sent", "failed")))
    newest = ended.group_by(alert_messages.c.channel)
    query = select(alert_messages).where(alert_messages.c.message_id.in_(newest))
    return connection.execute(query.order_by(alert_messages.c.channel)).all()


def notice_rows(connection: Connection, message_ids: Collection[int]) -> Sequence[LedgerRow]:
    """The alerts in messages, with the reason of each."""
    query = select(alert_notices).where(alert_notices.c.message_id.in_(message_ids))
    return connection.execute(query.order_by(alert_notices.c.message_id, alert_notices.c.alert_id)).all()


def messages_about(connection: Connection, alert_id: int) -> Sequence[LedgerRow]:
    """The messages about an alert, each with the reason, newest first."""
    query = select(alert_messages, alert_notices.c.reason).join(
        alert_notices, alert_notices.c.message_id == alert_messages.c.message_id
    )
    newest = query.where(alert_notices.c.alert_id == alert_id).order_by(alert_messages.c.message_id.desc())
    return connection.execute(newest).all()


def alert_counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many alerts there are by rule and state."""
    query = select(alerts.c.rule, alerts.c.state, func.count()).group_by(alerts.c.rule, alerts.c.state)
    return {(rule, state): count for rule, state, count in connection.execute(query)}


def message_counts(connection: Connection) -> dict[tuple[str, str], int]:
    """How many messages there are by channel and state."""
    columns = alert_messages.c.channel, alert_messages.c.state
    query = select(*columns, func.count()).group_by(*columns)
    return {(channel, state): count for channel, state, count in connection.execute(query)}


def tallies(connection: Connection, channel: str) -> dict[str, int]:
    """Where the alerts stand on a channel: raised, and of these delivered, failed, pending, silenced and untold.

    An alert counts by its first message on the channel. An untold one was raised while the channel was not set.
    """
    first = (
        select(alert_notices.c.alert_id, func.min(alert_notices.c.message_id).label("message_id"))
        .join(alert_messages, alert_messages.c.message_id == alert_notices.c.message_id)
        .where(alert_messages.c.channel == channel, alert_notices.c.reason == "raised")
        .group_by(alert_notices.c.alert_id)
        .subquery()
    )
    query = (
        select(alert_messages.c.state, alerts.c.silence_id.is_not(None).label("silenced"), func.count().label("alerts"))
        .select_from(alerts)
        .outerjoin(first, first.c.alert_id == alerts.c.alert_id)
        .outerjoin(alert_messages, alert_messages.c.message_id == first.c.message_id)
        .group_by(alert_messages.c.state, alerts.c.silence_id.is_not(None))
    )
    found = dict.fromkeys(("raised", "delivered", "failed", "pending", "silenced", "untold"), 0)
    names = {"sent": "delivered", "failed": "failed", "pending": "pending", "sending": "pending"}
    for row in connection.execute(query):
        found["raised"] += row.alerts
        found[names[row.state] if row.state else "silenced" if row.silenced else "untold"] += row.alerts
    return found


def _waiting(connection: Connection, channel: str) -> int | None:
    fresh = alert_messages.c.channel == channel, alert_messages.c.state == "pending", alert_messages.c.content.is_(None)
    query = select(func.max(alert_messages.c.message_id)).where(*fresh)
    found: int | None = connection.execute(query).scalar()
    return found
