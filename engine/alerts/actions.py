"""What people do about alerts: acknowledge, silence, send again, test. Each is in the audit log."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from engine.alerts.channels import NotDelivered, send
from engine.alerts.rules import DATA, MODEL, RULES, WATCHED, WORKER, Look
from engine.alerts.telling import as_sent
from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from engine.process.identity import host
from storage.db.ledger import LedgerRow
from storage.ledger.alerts import messages, records, sources
from storage.ledger.alerts.silences import Silence, add_silence, end_silences
from storage.ledger.audit import Action, record_action

LONGEST_SILENCE = timedelta(days=366)
NO_CHANNEL = (
    "No channel for alerts is set; set LOANWATCH_ALERT_COMMAND, LOANWATCH_ALERT_WEBHOOK or LOANWATCH_ALERT_SMTP "
    "for every process of the deployment."
)


@dataclass(frozen=True)
class Tested:
    """What became of a test on one channel; `error` None when it was delivered."""

    channel: str
    error: str | None

    def as_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return asdict(self)


def acknowledge(deployment: Deployment, alert_id: int, note: str = "", by: str | None = None) -> LedgerRow:
    """The acknowledged alert: a person takes care of it, so it is not told again.

    Raises Refused when it is not open.
    """
    person = by or who()
    with deployment.ledger.writing() as connection:
        now, alert = deployment.ledger.now(connection), records.alert_row(connection, alert_id)
        if not records.acknowledge(connection, alert_id, person, note.strip(), now):
            told = f", by {alert.acknowledged_by}" if alert.state == records.ACKNOWLEDGED else ""
            raise Refused(f"Alert {alert_id} is {alert.state} already{told}; only an open one can be acknowledged.")
        record_action(connection, Action(person, "acknowledge", _subject(alert.rule, alert.subject), note.strip()), now)
        return records.alert_row(connection, alert_id)


def acknowledge_named(deployment: Deployment, named: str, note: str = "", by: str | None = None) -> LedgerRow:
    """The acknowledged alert of a name: its id, or RULE/SUBJECT.

    When no process has recorded the alert yet, because none looks for alerts, it is recorded here. Raises
    UnusableRequest for another name, and Refused when nothing is wrong with the subject by the rule.
    """
    if named.isdecimal():
        return acknowledge(deployment, int(named), note, by)
    rule, _, subject = named.partition("/")
    if rule not in RULES or not subject:
        raise UnusableRequest(f"{named!r} names no alert; give an id of `alerts`, or RULE/SUBJECT of `status`.")
    with deployment.ledger.writing() as connection:
        alert_id = _recorded(connection, deployment, rule, subject)
    if alert_id is None:
        raise Refused(f"Nothing is wrong with {subject} by the rule {rule}; `python -m engine status` says what is.")
    return acknowledge(deployment, alert_id, note, by)


def silence(
    deployment: Deployment, rule: str, subject: str | None, until: datetime, reason: str, by: str | None = None
) -> int:
    """The id of a new silence: a rule is not told until then, about one subject or about all.

    Raises UnusableRequest for a rule or subject that does not exist, an empty reason and a time that can't be used.
    """
    person = by or who()
    if not reason.strip():
        raise UnusableRequest("The reason is empty; give the reason for the silence.")
    with deployment.ledger.writing() as connection:
        check_subject(connection, deployment, rule, subject)
        now = deployment.ledger.now(connection)
        if not now < until <= now + LONGEST_SILENCE:
            raise UnusableRequest(
                f"A silence until {until.astimezone(deployment.settings.zone):%Y-%m-%d %H:%M} can't be set; "
                f"give a time to come, within {LONGEST_SILENCE.days} days."
            )
        if subject is not None:
            _recorded(connection, deployment, rule, subject)  # so that what is silenced is listed
        made = add_silence(connection, Silence(rule, subject, until, person, reason.strip()), now)
        record_action(connection, Action(person, "silence", _subject(rule, subject), reason.strip()), now)
        return made


def unsilence(deployment: Deployment, rule: str, subject: str | None, by: str | None = None) -> None:
    """Ends a silence. What is still open and was not told is told now. Raises Refused when there is no such silence."""
    person = by or who()
    with deployment.ledger.writing() as connection:
        check_subject(connection, deployment, rule, subject)
        now = deployment.ledger.now(connection)
        if not end_silences(connection, rule, subject, person, now):
            named = _subject(rule, subject)
            raise Refused(f"There is no silence of {named}; `python -m engine alerts` lists the silences.")
        record_action(connection, Action(person, "unsilence", _subject(rule, subject)), now)


def retry(deployment: Deployment, by: str | None = None) -> int:
    """How many failed messages are sent again, by the worker or the scheduler."""
    person = by or who()
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        count = messages.retry_failed(connection, now)
        if count:
            record_action(
                connection, Action(person, "retry alerts", "1 message" if count == 1 else f"{count} messages"), now
            )
    return count


def send_test(deployment: Deployment, by: str | None = None) -> list[Tested]:
    """What became of a test message on every channel, sent now by this process. Raises UnusableRequest without one."""
    channels = deployment.settings.alert_channels
    if not channels:
        raise UnusableRequest(NO_CHANNEL)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        record_action(connection, Action(by or who(), "test alerts", ", ".join(channels)), now)
    where = f"{deployment.settings.home.absolute().name} on {host()}"
    title = f"Loanwatch {where}: test"
    text = f"{title}\nThis is a test of the alerts, asked for at {now.astimezone(UTC):%Y-%m-%d %H:%M} UTC."
    content = {"title": title, "text": text, "deployment": where, "alerts": []}
    results = []
    for channel in channels:
        try:
            send(channel, deployment.settings, as_sent(content, f"test-{secrets.token_hex(12)}", repeated=False))
        except NotDelivered as error:
            results.append(Tested(channel, str(error)))
        else:
            results.append(Tested(channel, None))
    return results


def subjects(connection: Connection, deployment: Deployment, rule: str) -> list[str]:
    """The subjects that a rule can have: pipelines, datasets, processes or disks, with those it had."""
    kinds: dict[str, Sequence[str]] = {
        **{name: list(deployment.pipelines) for name in ("run-failed", "run-crashed", "run-late")},
        "breach": [MODEL],
        "data-fault": [DATA],
        "no-worker": [WORKER],
        "stale-extract": [source.dataset for source in deployment.book.sources],
    }
    if rule in kinds:
        return list(kinds[rule])
    prefixes = WATCHED if rule == "process-silent" else ("home", "datamart")
    return [f"{name}@{place}" for name in prefixes for place in sorted({*sources.hosts(connection), host()})]


def check_subject(connection: Connection, deployment: Deployment, rule: str, subject: str | None) -> None:
    """Raises UnusableRequest for a rule that does not exist, or a subject that it can't have, with those that do."""
    if rule not in RULES:
        raise UnusableRequest(f"There is no rule {rule!r}; the rules are {', '.join(RULES)}.")
    known = subjects(connection, deployment, rule)
    if subject is not None and subject not in known:
        raise UnusableRequest(f"Rule {rule} has no subject {subject!r}; it has {', '.join(known)}.")


def until_of(text: str, deployment: Deployment) -> datetime:
    """The time of `YYYY-MM-DD`, when that day begins in the deployment's zone, or of `YYYY-MM-DD HH:MM`."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=deployment.settings.zone)
    except ValueError:
        raise UnusableRequest(f"{text!r} is not a date; write it as YYYY-MM-DD or `YYYY-MM-DD HH:MM`.") from None


def _recorded(connection: Connection, deployment: Deployment, rule: str, subject: str) -> int | None:
    """The id of the alert of a rule and subject, which is recorded if it is not yet; None when nothing is wrong."""
    known = records.unresolved_alert(connection, rule, subject)
    if known is not None:
        return int(known.alert_id)
    now = deployment.ledger.now(connection)
    look = Look(connection, deployment, now, datetime.min.replace(tzinfo=UTC))
    found = [each for each in RULES[rule].find(look) if each.subject == subject]
    return records.record(connection, found[-1], now) if found else None


def _subject(rule: str, subject: str | None) -> str:
    return f"{rule} {subject}" if subject else f"{rule}, every subject"
