"""Attempts to deliver messages. The ledger knows of each attempt before it begins and after it has ended.

A process that is killed between the two leaves an attempt whose outcome nobody knows: the message is sent again with
the same key, marked as one that may have been sent before. So no message is lost, and none is doubled unmarked.
"""

import logging
from datetime import timedelta
from time import monotonic, sleep

from engine.alerts.channels import NotDelivered, send
from engine.alerts.telling import as_sent, composed
from engine.deployment import Deployment
from engine.process.identity import this_process
from storage.alert_settings import ChannelName
from storage.db.ledger import LedgerRow, LedgerUnavailable
from storage.ledger.alerts import messages, records
from storage.ledger.alerts.messages import Outcome

log = logging.getLogger("loanwatch.engine")

MARGIN = 20.0  # seconds after the time limit of an attempt in which its outcome can be recorded
LONGEST_PAUSE = 3600.0
PAUSE_WITHOUT_LEDGER = 0.5


def deliver_next(deployment: Deployment, channel: ChannelName) -> bool:
    """Attempts to deliver the oldest message of a channel that is due. Returns whether there was one."""
    message = _begun(deployment, channel)
    if message is None:
        return False
    outcome = _attempt(deployment, channel, message)
    if outcome.error:
        told = "tried again" if outcome.pause else "failed"
        log.warning("Alert message %s by %s: %s; %s.", message.message_id, channel, outcome.error, told)
    _end(deployment, message, outcome)
    return True


def _begun(deployment: Deployment, channel: ChannelName) -> LedgerRow | None:
    """The message of an attempt that begins now; None when none is due."""
    with deployment.ledger.reading() as connection:
        if messages.due_message(connection, channel, deployment.ledger.now(connection)) is None:
            return None
    limit = timedelta(seconds=deployment.settings.alert_timeout + MARGIN)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        message = messages.due_message(connection, channel, now)
        if message is None:
            return None
        notices = {row.alert_id: row.reason for row in messages.notice_rows(connection, [message.message_id])}
        content = composed(deployment, notices, records.alerts_named(connection, notices))
        return messages.begin_attempt(connection, message, content, this_process(), now + limit)


def _attempt(deployment: Deployment, channel: ChannelName, message: LedgerRow) -> Outcome:
    settings = deployment.settings
    try:
        send(channel, settings, as_sent(message.content, message.delivery, repeated=message.repeated))
    except NotDelivered as error:
        again = not error.final and message.attempts < settings.alert_attempts
        pause = min(settings.alert_retry_seconds * 2 ** (message.attempts - 1), LONGEST_PAUSE)
        wait = timedelta(seconds=pause) if again else None
        return Outcome(str(error), error.unsure, wait)
    return Outcome()


def _end(deployment: Deployment, message: LedgerRow, outcome: Outcome) -> None:
    """Records the outcome. While the ledger is away it is tried until the attempt counts as cut off."""
    deadline = monotonic() + MARGIN
    while True:
        try:
            with deployment.ledger.writing() as connection:
                messages.end_attempt(connection, message, outcome, deployment.ledger.now(connection))
        except LedgerUnavailable:
            if monotonic() > deadline:
                raise
            sleep(PAUSE_WITHOUT_LEDGER)
        else:
            return
