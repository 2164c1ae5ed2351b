"""Documents about alerts for --json, the command line and the console."""

from datetime import datetime
from typing import Any

from engine.deployment import Deployment
from engine.documents.values import Document, moment
from storage.db.ledger import LedgerRow
from storage.ledger.alerts import messages, records
from storage.ledger.alerts.silences import silence_of, silences

NEWEST = 20  # messages


def alerts_document(deployment: Deployment, limit: int = 50) -> Document:
    """The alerts (those that have not ended first), the newest messages, the silences, and the channels."""
    with deployment.ledger.reading() as connection:
        going_on = silences(connection, deployment.ledger.now(connection))
        return {
            "alerts": [_alert(row, going_on) for row in records.alert_rows(connection, limit)],
            "messages": [message_document(row) for row in messages.message_rows(connection, NEWEST)],
            "failed": [message_document(row) for row in messages.message_rows(connection, NEWEST, "failed")],
            "silences": [_silence(row) for row in going_on],
            "channels": list(deployment.settings.alert_channels),
        }


def alert_document(deployment: Deployment, alert_id: int) -> Document:
    """An alert with the messages about it. Raises UnknownAlert when there is none."""
    with deployment.ledger.reading() as connection:
        row = records.alert_row(connection, alert_id)
        about = messages.messages_about(connection, alert_id)
        going_on = silences(connection, deployment.ledger.now(connection))
    told = [{**message_document(each), "reason": each.reason} for each in about]
    return {**_alert(row, going_on), "messages": told}


def message_document(row: LedgerRow) -> Document:
    """A message: its channel, state, attempts, and the last error."""
    return {
        "id": row.message_id,
        "delivery": row.delivery,
        "channel": row.channel,
        "state": row.state,
        "attempts": row.attempts,
        "repeated": row.repeated,
        "title": (row.content or {}).get("title"),
        "created_at": moment(row.created_at),
        "next_at": moment(row.next_at) if row.state == "pending" else None,
        "sent_at": moment(row.sent_at),
        "error": row.error,
    }


def alert_of(row: LedgerRow, silenced_until: datetime | None) -> Document:
    """An alert: what is wrong, what to do, since when, who takes care of it, and until when it is silenced."""
    times = {name: moment(getattr(row, name)) for name in ("first_seen", "last_seen", "told_at", "resolved_at")}
    return {
        "id": row.alert_id,
        "rule": row.rule,
        "subject": row.subject,
        "state": row.state,
        "count": row.count,
        "summary": row.summary,
        "advice": row.advice,
        "run_id": row.run_id,
        **times,
        "acknowledged_by": row.acknowledged_by,
        "acknowledged_at": moment(row.acknowledged_at),
        "note": row.note,
        "silenced_until": moment(silenced_until) if row.state == records.OPEN else None,
    }


def _alert(row: LedgerRow, going_on: Any) -> Document:
    silence = silence_of(going_on, row.rule, row.subject)
    return alert_of(row, silence.until if silence else None)


def _silence(row: LedgerRow) -> Document:
    return {
        "rule": row.rule,
        "subject": row.subject,
        "until": moment(row.until),
        "who": row.who,
        "reason": row.reason,
        "since": moment(row.created_at),
    }
