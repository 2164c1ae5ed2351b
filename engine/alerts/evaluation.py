"""One look at all rules: new alerts with their messages, and alerts that are over, in one transaction.

Every process that watches may look at any time: the ledger has one writer at a time, an occurrence counts once, and
the messages about an alert are made in the transaction that raises it.
"""

import logging
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from engine.alerts.rules import RULES, Look
from engine.alerts.telling import tell, untold
from engine.deployment import Deployment
from engine.process.identity import is_gone
from storage.db.ledger import LedgerRow, LedgerUnavailable
from storage.errors import LoanwatchError
from storage.ledger.alerts import messages, records
from storage.ledger.alerts.records import Occurrence

log = logging.getLogger("loanwatch.engine")

SEEN_EVERY = timedelta(minutes=1)  # between two notes that what an alert is about still is so


@dataclass
class Changes:
    """What a look found: new occurrences, alerts that are over, and alerts whose cause still lasts."""

    new: list[Occurrence] = field(default_factory=list)
    over: list[int] = field(default_factory=list)
    lasting: list[int] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)  # senders of messages whose process has ended

    def __bool__(self) -> bool:
        return bool(self.new or self.over or self.lasting or self.gone)


def evaluate(deployment: Deployment, *, steady: bool = True) -> bool:
    """Looks once. Returns whether something changed; then it is committed, else nothing was written.

    `steady` False leaves out what depends on heartbeats, as after an outage of the ledger, when nobody could beat.
    """
    with deployment.ledger.reading() as connection:
        look = _look(connection, deployment, steady=steady)
        if not (_changes(look) or untold(look) or _is_first(look)):
            return False
    with deployment.ledger.writing() as connection:
        look = _look(connection, deployment, steady=steady)
        _apply(look, _changes(look))
    return True


def _look(connection: Connection, deployment: Deployment, *, steady: bool) -> Look:
    now = deployment.ledger.now(connection)
    return Look(connection, deployment, now, records.watched_since(connection, now), steady)


def _changes(look: Look) -> Changes:
    changes = Changes()
    current = records.unresolved_alerts(look.connection)
    open_subjects = {(alert.rule, alert.subject) for alert in current}
    found = {name: _found(look, name) for name in RULES}
    for name, occurrences in found.items():
        for each in occurrences or ():
            known = (name, each.subject) in open_subjects if not each.key else _is_known(look, each)
            if not known:
                changes.new.append(each)
    for alert in current:
        _judge(look, alert, found.get(alert.rule), changes)
    changes.gone = [each for each in messages.senders(look.connection) if is_gone(each)]
    return changes


def _found(look: Look, name: str) -> list[Occurrence] | None:
    """What a rule finds; None when it can't be judged now."""
    try:
        return list(RULES[name].find(look))
    except LedgerUnavailable:
        raise
    except (LoanwatchError, OSError) as error:
        log.warning("The alerts of %s can't be judged: %s", name, error)
        return None


def _is_known(look: Look, each: Occurrence) -> bool:
    return bool(records.known_occurrences(look.connection, each.rule, [each.key]))


def _is_first(look: Look) -> bool:
    """Whether this is the first look of all, or a message waits for a channel that is not set any more."""
    channels = look.deployment.settings.alert_channels
    return not records.is_watched(look.connection) or messages.unset_waits(look.connection, channels)


def _judge(look: Look, alert: LedgerRow, found: list[Occurrence] | None, changes: Changes) -> None:
    rule = RULES.get(alert.rule)
    if rule is None or (found is None and rule.over is None):
        return
    over = rule.over(look, alert) if rule.over else alert.subject not in {each.subject for each in found or ()}
    if over and not any(each.subject == alert.subject for each in found or ()):
        changes.over.append(alert.alert_id)
    elif over is False and rule.over is None and look.now - alert.last_seen > SEEN_EVERY:
        changes.lasting.append(alert.alert_id)


def _apply(look: Look, changes: Changes) -> None:
    connection, now = look.connection, look.now
    records.begin_watch(connection, now)
    for each in changes.new:
        records.record(connection, each, now)
    records.resolve(connection, changes.over, now)
    records.seen(connection, changes.lasting, now)
    messages.free_cut_off(connection, changes.gone, now)
    messages.fail_unset(connection, look.deployment.settings.alert_channels)
    tell(look, changes.over)
