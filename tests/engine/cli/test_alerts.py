"""The command `alerts`: what is listed, and that a misspelt word silences nothing."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.alerts.evaluation import evaluate
from engine.deployment import Deployment
from storage.ledger.audit import ActionFilter, action_page
from storage.settings import load_settings
from tests.commands import command, document
from tests.engine.alerts.happenings import ended_run
from tests.receivers import Webhook


@pytest.fixture
def home(tmp_path: Path, webhook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (("HOME", str(tmp_path / "home")), ("ALERT_WEBHOOK", webhook.url), ("ALERT_DISK_GIB", "0")):
        monkeypatch.setenv(f"LOANWATCH_{name}", value)
    return tmp_path / "home"


def test_alerts_are_listed_shown_acknowledged_and_tried(home: Path, webhook: Webhook) -> None:
    deployment = Deployment.open(load_settings())
    assert "No alerts." in command("alerts").stdout
    run_id = ended_run(deployment, "failed")
    evaluate(deployment)
    listed = document("alerts")
    assert [(each["rule"], each["state"], each["run_id"]) for each in listed["alerts"]] == [
        ("run-failed", "open", run_id)
    ]
    assert [(each["channel"], each["state"]) for each in listed["messages"]] == [("webhook", "pending")]
    alert_id = listed["alerts"][0]["id"]
    assert [each["reason"] for each in document("alerts", "show", str(alert_id))["messages"]] == ["raised"]
    assert run_id in command("alerts", "show", str(alert_id)).stdout
    assert document("alerts", "ack", str(alert_id), "--note", "mine")["state"] == "acknowledged"
    assert "acknowledged already" in command("alerts", "ack", str(alert_id)).stderr
    assert f"open are {alert_id}" in command("alerts", "show", "99").stderr
    assert document("alerts", "test") == [{"channel": "webhook", "error": None}]
    webhook.status = 500
    assert document("alerts", "test", code=1) == [{"channel": "webhook", "error": "the webhook answered 500"}]
    assert [got["alerts"] for got in webhook.got] == [[], []]
    assert document("alerts", "retry") == {"messages": 0}
    with deployment.ledger.reading() as connection:
        rows = action_page(connection, ActionFilter(), 10)
    deployment.ledger.close()
    assert (rows[-1].action, rows[-1].subject, rows[-1].reason) == ("acknowledge", "run-failed training", "mine")


def test_what_status_tells_is_acknowledged_while_no_process_looks_for_alerts(home: Path) -> None:
    deployment = Deployment.open(load_settings(home=home))
    ended_run(deployment, "failed")
    told = document("status")
    assert (told["level"], told["headline"]) == ("bad", "Action needed: training failed, and 1 more")
    assert "run-failed/training" in command("status").stdout
    assert document("alerts", "ack", "run-failed/training", "--note", "mine")["state"] == "acknowledged"
    assert document("status")["level"] == "warn"
    ended_run(deployment, "failed", pipeline="inference")
    assert document("status")["level"] == "bad"
    until = (deployment.today() + timedelta(days=2)).isoformat()
    document("alerts", "silence", "run-failed", "--subject", "inference", "--until", until, "--reason", "known")
    assert document("status")["level"] == "warn"
    deployment.ledger.close()
    assert "Nothing is wrong with monitoring" in command("alerts", "ack", "run-failed/monitoring").stderr
    assert "names no alert" in command("alerts", "ack", "nonsense").stderr


MISSPELT = [
    (("run-faild",), "There is no rule 'run-faild'; the rules are run-failed, "),
    (("run-failed", "--subject", "trainin"), "no subject 'trainin'; it has training, inference, monitoring."),
    (("stale-extract", "--subject", "loans"), "it has feature_clickstream, "),
    (("process-silent", "--subject", "worker"), "it has worker@"),
    (("run-failed", "--until", "tomorrow"), "'tomorrow' is not a date; write it as YYYY-MM-DD"),
    (("run-failed", "--until", "2020-01-01"), "give a time to come"),
    (("run-failed", "--reason", " "), "The reason is empty"),
]


def test_a_silence_that_would_silence_nothing_is_refused(home: Path) -> None:
    deployment = Deployment.open(load_settings())
    day = (deployment.today() + timedelta(days=2)).isoformat()
    deployment.ledger.close()
    for words, told in MISSPELT:
        missing = [("--until", day), ("--reason", "x")]
        given = [*words, *(word for pair in missing if pair[0] not in words for word in pair)]
        done = command("alerts", "silence", *given)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert told in done.stderr
    assert document("alerts")["silences"] == []


def test_a_silence_is_set_and_ended(home: Path) -> None:
    deployment = Deployment.open(load_settings())
    day = (deployment.today() + timedelta(days=2)).isoformat()
    deployment.ledger.close()
    assert document("alerts", "silence", "breach", "--until", day, "--reason", "known")["subject"] is None
    (silence,) = document("alerts")["silences"]
    assert (silence["rule"], silence["until"], silence["reason"]) == ("breach", f"{day}T00:00:00Z", "known")
    assert command("alerts", "unsilence", "run-failed").returncode == 5
    assert document("alerts", "unsilence", "breach") == {"rule": "breach", "subject": None, "silenced": False}
    assert document("alerts")["silences"] == []


def test_home_before_the_command_is_refused_because_another_would_be_used(home: Path) -> None:
    done = command("alerts", "--home", "elsewhere", "retry")
    assert done.returncode == 2
    assert "`alerts retry --home DIR`" in done.stderr
