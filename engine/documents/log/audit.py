"""The audit log as documents, which the console, `audit --json` and the table of the command line show."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from engine.documents.values import Document, moment
from storage.db.ledger import LedgerRow
from storage.ledger.audit import ActionFilter, action_page


def audit_document(connection: Connection, where: ActionFilter, limit: int) -> list[Document]:
    """The newest actions that match, newest first: when, who, action, subject, reason, and what changed."""
    return [action_document(row) for row in action_page(connection, where, limit)]


def action_document(row: LedgerRow) -> Document:
    """The document of an action. `changes` has by name the value before and the value after."""
    return {
        "at": moment(row.at),
        "who": row.who,
        "action": row.action,
        "subject": row.subject,
        "reason": row.reason,
        "changes": row.changes or {},
    }


def changes_text(changes: Mapping[str, Sequence[Any]] | None) -> str:
    """What an action changed, in words: `auc_threshold 0.7 → 0.9, data /a → /b`; '' for nothing."""
    return ", ".join(f"{name} {_value(before)} → {_value(after)}" for name, (before, after) in (changes or {}).items())


def times_of(first: date | None, last: date | None, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """(the start of the first day, the end of the last day) in a time zone; None for no bound."""
    ends = (first, None if last is None else last + timedelta(days=1))
    since, until = (None if day is None else datetime.combine(day, time(), zone) for day in ends)
    return since, until


def _value(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
