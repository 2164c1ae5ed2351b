"""Delivery of alerts: to real receivers, each message once, whatever the receivers answer."""

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.alerts import actions
from engine.alerts.delivery import deliver_next
from engine.alerts.evaluation import evaluate
from engine.deployment import Deployment
from storage.alert_settings import ChannelName
from storage.db.alert_tables import alerts as alert_table
from storage.db.ledger import LedgerRow
from storage.ledger.alerts.messages import mark_unsure, message_rows, tallies
from tests.engine.alerts.happenings import alerts, ended_run
from tests.receivers import MailServer, Webhook

QUICK = {"alert_group_seconds": 0, "alert_retry_seconds": 0, "alert_attempts": 3, "alert_disk_gib": 0}


@pytest.fixture
def told_by(deployment: Deployment) -> Callable[..., Deployment]:
    """The deployment with channels."""

    def made(**settings: Any) -> Deployment:
        return replace(deployment, settings=deployment.settings.changed(**QUICK, **settings))

    return made


def sent(deployment: Deployment, *channels: ChannelName) -> list[LedgerRow]:
    """The messages, oldest first, after every attempt that was due."""
    for channel in channels:
        while deliver_next(deployment, channel):
            pass
    with deployment.ledger.reading() as connection:
        return list(message_rows(connection))[::-1]


def test_what_one_look_finds_goes_out_as_one_message_and_its_end_as_another(
    told_by: Callable[..., Deployment], webhook: Webhook
) -> None:
    deployment = told_by(alert_webhook=webhook.url)
    failed, crashed = ended_run(deployment, "failed", message="<!channel> & more"), ended_run(deployment, "crashed")
    evaluate(deployment)
    (message,) = sent(deployment, "webhook")
    assert (message.state, message.attempts, message.repeated) == ("sent", 1, False)
    (got,) = webhook.got
    assert webhook.keys == [got["delivery"]] == [message.delivery]
    assert [(each["rule"], each["run_id"]) for each in got["alerts"]] == [
        ("run-failed", failed),
        ("run-crashed", crashed),
    ]
    assert "2 alerts" in got["text"]
    assert "&lt;!channel&gt; &amp; more" in got["text"]
    assert "<!channel> & more" in got["alerts"][0]["summary"]
    ended_run(deployment, "failed")
    evaluate(deployment)
    assert len(sent(deployment, "webhook")) == 1  # the same alert again, within the repeat interval
    ended_run(deployment, "succeeded")
    evaluate(deployment)
    assert len(sent(deployment, "webhook")) == 2
    assert "2 alerts resolved" in webhook.got[1]["text"]
    with deployment.ledger.reading() as connection:
        found = tallies(connection, "webhook")
    assert found == {"raised": 2, "delivered": 2, "failed": 0, "pending": 0, "silenced": 0, "untold": 0}


def test_an_alert_that_stays_open_is_told_again_after_the_repeat_interval(
    told_by: Callable[..., Deployment], webhook: Webhook
) -> None:
    deployment = told_by(alert_webhook=webhook.url)
    ended_run(deployment, "failed")
    evaluate(deployment)
    sent(deployment, "webhook")
    often = deployment.with_settings(deployment.settings.changed(alert_repeat_hours=1e-9))
    evaluate(often)
    sent(often, "webhook")
    actions.acknowledge(often, alerts(often)[0].alert_id, "mending it", "anna")
    evaluate(often)
    sent(often, "webhook")
    assert [reason for _, reason in webhook.alerts()] == ["raised", "repeated"]


def test_a_receiver_that_fails_gets_the_same_message_again_and_at_last_it_is_failed(
    told_by: Callable[..., Deployment], webhook: Webhook
) -> None:
    deployment = told_by(alert_webhook=webhook.url)
    webhook.status, webhook.answers = 500, [429]
    ended_run(deployment, "failed")
    evaluate(deployment)
    (message,) = sent(deployment, "webhook")
    assert (message.state, message.attempts, message.error) == ("failed", 3, "the webhook answered 500")
    assert len(set(webhook.keys)) == 1
    # 429 says that nothing was taken; after 500 nobody knows.
    assert [(got["repeated"], "may have been sent" in got["text"]) for got in webhook.got] == [
        (False, False),
        (False, False),
        (True, True),
    ]
    webhook.status = 200
    assert actions.retry(deployment, "anna") == 1
    (message,) = sent(deployment, "webhook")
    assert (message.state, message.error) == ("sent", None)
    assert actions.retry(deployment, "anna") == 0


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_a_failure_because_it_would_lose_the_message(
    told_by: Callable[..., Deployment], webhook: Webhook, status: int
) -> None:
    webhook.status, webhook.location = status, webhook.url
    (result,) = actions.send_test(told_by(alert_webhook=webhook.url))
    assert result.error == f"the webhook answered {status}"
    assert len(webhook.got) == 1


def test_a_receiver_that_does_not_answer_is_left_after_the_time_limit(
    told_by: Callable[..., Deployment], webhook: Webhook, tmp_path: Path
) -> None:
    pid = tmp_path / "pid"
    sleeper = f"import os, signal; open({str(pid)!r}, 'w').write(str(os.getpid())); signal.pause()"
    command = f"{sys.executable} -c {shlex.quote(sleeper)}"
    deployment = told_by(alert_command=command, alert_timeout=0.5, alert_webhook="http://127.0.0.1:9/s3cr3t")
    command_result, webhook_result = actions.send_test(deployment)
    assert command_result.error == "the command did not end within 0.5 s and was killed"
    assert not Path(f"/proc/{pid.read_text()}").exists()
    assert webhook_result.error == "the webhook can't be reached (Connection refused)"


def test_a_command_gets_json_and_no_shell(told_by: Callable[..., Deployment], tmp_path: Path) -> None:
    out, shell = tmp_path / "out", tmp_path / "x;false|$(false)"
    deployment = told_by(alert_command=f"tee {out} {shell}")
    ended_run(deployment, "failed", message="$(touch x); `touch y`")
    evaluate(deployment)
    (message,) = sent(deployment, "command")
    assert message.state == "sent"
    assert json.loads(out.read_text())["alerts"][0]["rule"] == "run-failed"
    assert shell.read_text() == out.read_text()  # a name of a file, as any other word
    (result,) = actions.send_test(told_by(alert_command="false s3cr3t"))
    assert result.error == "the command ended with code 1"


def test_a_mail_has_an_id_by_which_a_copy_is_recognised(
    told_by: Callable[..., Deployment], mail_server: MailServer
) -> None:
    smtp = {
        "alert_smtp": f"127.0.0.1:{mail_server.port}",
        "alert_smtp_from": "loanwatch@example.org",
        "alert_smtp_to": "anna@example.org, ben@example.org",
        "alert_smtp_starttls": False,
    }
    deployment = told_by(**smtp)
    ended_run(deployment, "failed", message="AUC < 0.7 & more: März")
    evaluate(deployment)
    (message,) = sent(deployment, "smtp")
    assert message.state == "sent", message.error
    (mail,) = mail_server.mails
    assert f"Message-ID: <{message.delivery}@" in mail
    assert "Subject: Loanwatch home" in mail
    mail_server.refused = ("ben@example.org",)
    (result,) = actions.send_test(deployment)
    assert result.error == "the mail server refused 1 of 2 recipients"
    mail_server.refused = ("ben@example.org", "anna@example.org")
    assert actions.send_test(deployment)[0].error == "the mail server refused every recipient"
    safe = deployment.with_settings(deployment.settings.changed(alert_smtp_starttls=True))
    assert actions.send_test(safe)[0].error == "the mail server can't be used (SMTPNotSupportedError)"


def test_silenced_alerts_are_kept_and_told_when_the_silence_ends(
    told_by: Callable[..., Deployment], webhook: Webhook
) -> None:
    deployment = told_by(alert_webhook=webhook.url)
    until = actions.until_of("2999-01-01", deployment)
    with pytest.raises(Exception, match="within 366 days"):
        actions.silence(deployment, "run-failed", "training", until, "why", "anna")
    with deployment.ledger.reading() as connection:
        now = deployment.ledger.now(connection)
    actions.silence(
        deployment, "run-failed", "training", now.replace(year=now.year + 1, day=1), "a known fault", "anna"
    )
    ended_run(deployment, "failed")
    ended_run(deployment, "failed", "inference")
    evaluate(deployment)
    sent(deployment, "webhook")
    assert [each["subject"] for got in webhook.got for each in got["alerts"]] == ["inference"]
    with deployment.ledger.reading() as connection:
        found = tallies(connection, "webhook")
    assert (found["raised"], found["delivered"], found["silenced"]) == (2, 1, 1)
    assert not evaluate(deployment)
    actions.unsilence(deployment, "run-failed", "training", "anna")
    evaluate(deployment)
    sent(deployment, "webhook")
    assert [each["subject"] for got in webhook.got for each in got["alerts"]] == ["inference", "training"]


def test_without_a_channel_alerts_are_kept_and_told_once_there_is_one(
    told_by: Callable[..., Deployment], webhook: Webhook
) -> None:
    ended_run(told_by(), "failed")
    evaluate(told_by())
    assert not evaluate(told_by())
    assert sent(told_by()) == []
    deployment = told_by(alert_webhook=webhook.url)
    evaluate(deployment)
    sent(deployment, "webhook")
    assert len(webhook.got) == 1
    ended_run(deployment, "succeeded")
    evaluate(deployment)
    evaluate(told_by())  # the channel is not set any more
    states = [(row.state, row.error or "") for row in sent(told_by())]
    assert [state for state, _ in states] == ["sent", "failed"]
    assert "not set any more" in states[1][1]


def test_a_restored_ledger_says_that_what_waits_may_have_been_sent_before(
    told_by: Callable[..., Deployment], webhook: Webhook
) -> None:
    deployment = told_by(alert_webhook=webhook.url)
    ended_run(deployment, "failed")
    evaluate(deployment)
    with deployment.ledger.writing() as connection:
        mark_unsure(connection)
    sent(deployment, "webhook")
    assert [got["repeated"] for got in webhook.got] == [True]


def test_no_secret_or_ssn_is_kept_or_told(
    told_by: Callable[..., Deployment], webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    webhook.status = 403
    deployment = told_by(alert_webhook=webhook.url)
    ended_run(deployment, "failed", message="bad row: 123-45-6789")
    evaluate(deployment)
    (message,) = sent(deployment, "webhook")
    told = json.dumps(webhook.got) + str(message) + caplog.text + repr(deployment.settings)
    assert "s3cr3t" not in told
    assert "123-45-6789" not in told
    with deployment.ledger.reading() as connection:
        rows = str(connection.execute(alert_table.select()).all())
    assert "s3cr3t" not in rows
