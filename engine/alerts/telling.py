"""What is told: which alerts go into messages, and what a message says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from engine.alerts.rules import Look
from engine.deployment import Deployment
from engine.documents.values import moment
from engine.process.identity import host
from storage.db.ledger import LedgerRow
from storage.ledger.alerts import messages, records
from storage.ledger.alerts.silences import silence_of, silences

SSN = re.compile(r"\b\d{3}-\d{2}-\d{4}\b")
LONGEST = 600  # characters of a summary in a message
MOST = 20  # alerts in the text of a message; the fields have all
REPEATED = "(This message may have been sent before.) "


@dataclass
class Untold:
    """The alerts to be told now with the reason of each, and those that a silence keeps from it with its id."""

    reasons: dict[int, str] = field(default_factory=dict)
    silenced: dict[int, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.reasons or self.silenced)


def untold(look: Look) -> Untold:
    """What is to be told about the alerts that have not ended: those raised, and those open for a repeat interval."""
    found = Untold()
    going_on = silences(look.connection, look.now)
    for alert in records.unresolved_alerts(look.connection):
        reason = _reason(look, alert)
        silence = silence_of(going_on, alert.rule, alert.subject) if reason else None
        if silence is not None and alert.silence_id != silence.silence_id and alert.told_at is None:
            found.silenced[alert.alert_id] = silence.silence_id
        elif reason and silence is None and look.deployment.settings.alert_channels:
            found.reasons[alert.alert_id] = reason
    return found


def tell(look: Look, ended: Sequence[int]) -> None:
    """Makes the messages about what is untold, and about alerts that have `ended` after they were told."""
    now, settings = look.now, look.deployment.settings
    found = untold(look)
    records.mark_silenced(look.connection, found.silenced)
    reasons = {**found.reasons, **(_over(look, ended) if settings.alert_resolved else {})}
    wait = timedelta(seconds=settings.alert_group_seconds)
    messages.add_notices(look.connection, settings.alert_channels, reasons, wait, now)
    records.mark_told(look.connection, list(found.reasons), now)


def composed(deployment: Deployment, notices: Mapping[int, str], alerts: Sequence[LedgerRow]) -> dict[str, Any]:
    """The content of a message: a text for people, and the same in fields. `notices` has the reason by alert.

    An alert that ended before its message was first sent is told as resolved. The text has what Slack reads as
    commands (&, < and >) in Slack's own escapes.
    """
    documents = [_document(alert, notices[alert.alert_id]) for alert in alerts]
    where = f"{deployment.settings.home.absolute().name} on {host()}"
    ended = all(each["state"] == records.RESOLVED for each in documents)
    count = "1 alert" if len(documents) == 1 else f"{len(documents)} alerts"
    title = f"Loanwatch {where}: {count}{' resolved' if ended else ''}"
    lines = [_line(each) for each in documents[:MOST]]
    if len(documents) > MOST:
        lines.append(f"and {len(documents) - MOST} more; `python -m engine alerts` lists all")
    text = "\n".join([title, *lines])
    for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(plain, escaped)
    return {"title": title, "text": text, "deployment": where, "alerts": documents}


def as_sent(content: Mapping[str, Any], delivery: str, *, repeated: bool) -> dict[str, Any]:
    """A message as one attempt sends it: with its key, and marked when it may have been sent before."""
    text = f"{REPEATED if repeated else ''}{content['text']}"
    return {**content, "text": text, "delivery": delivery, "repeated": repeated}


def plain(text: str) -> str:
    """The text of a message without Slack's escapes, for mails."""
    for escaped, character in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        text = text.replace(escaped, character)
    return text


def _reason(look: Look, alert: LedgerRow) -> str | None:
    if alert.state != records.OPEN:
        return None
    if alert.told_at is None:
        return "raised"
    repeat = timedelta(hours=look.deployment.settings.alert_repeat_hours)
    return "repeated" if look.now - alert.told_at >= repeat else None


def _over(look: Look, ended: Sequence[int]) -> dict[int, str]:
    going_on = silences(look.connection, look.now)
    rows = records.alerts_named(look.connection, ended)
    told = [row for row in rows if row.told_at is not None and not silence_of(going_on, row.rule, row.subject)]
    return {row.alert_id: "resolved" for row in told}


def _document(alert: LedgerRow, reason: str) -> dict[str, Any]:
    return {
        "id": alert.alert_id,
        "rule": alert.rule,
        "subject": alert.subject,
        "state": alert.state,
        "reason": reason,
        "summary": SSN.sub("***-**-****", alert.summary)[:LONGEST],
        "advice": alert.advice,
        "run_id": alert.run_id,
        "count": alert.count,
        "first_seen": moment(alert.first_seen),
        "last_seen": moment(alert.last_seen),
    }


def _line(alert: Mapping[str, Any]) -> str:
    if alert["state"] == records.RESOLVED:
        return f"RESOLVED {alert['rule']} ({alert['subject']}): {alert['summary']}"
    again = " still" if alert["reason"] == "repeated" else ""
    times = f" ({alert['count']} times)" if alert["count"] > 1 else ""
    return f"{alert['rule']}{again} ({alert['subject']}): {alert['summary']}{times} {alert['advice']}"
