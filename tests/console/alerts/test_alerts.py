"""The Alerts page: what is wrong and what to do, who was told, and what an operator does about it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.alerts.delivery import deliver_next
from engine.alerts.evaluation import evaluate
from engine.deployment import Deployment
from engine.passwords import write_entry
from storage.ledger.alerts.messages import message_rows
from storage.ledger.alerts.silences import silences
from tests.console.access.sessions import WORD, entry, noted, script, signed_in
from tests.console.pages import Opened, words
from tests.engine.alerts.happenings import alerts, ended_run, states
from tests.sandbox import Sandbox

NOWHERE = "http://127.0.0.1:9/s3cr3t"
ACTIONS = """
from datetime import UTC, datetime, timedelta
from console.app import actions
later = datetime.now(UTC) + timedelta(days=1)
actions.attempted(lambda person: actions.acknowledge(person, 1, "seen"))
actions.attempted(lambda person: actions.silence(person, "breach", None, later, "why"))
actions.attempted(lambda person: actions.unsilence(person, "breach", None))
actions.attempted(lambda person: actions.retry_alerts(person))
"""


@pytest.fixture
def failed(empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """A deployment whose training failed, and whose message about it failed too."""
    monkeypatch.setenv("LOANWATCH_ALERT_WEBHOOK", NOWHERE)
    settings = {"alert_webhook": NOWHERE, "alert_group_seconds": 0, "alert_attempts": 1}
    deployment = empty_sandbox.deployment
    deployment = deployment.with_settings(deployment.settings.changed(**settings))
    ended_run(deployment, "failed", message="line 7 of <b>loans</b>")
    evaluate(deployment)
    assert deliver_next(deployment, "webhook")
    return deployment


def submit(app: AppTest) -> None:
    next(button for button in app.button if button.proto.is_form_submitter).click().run()
    assert not app.exception


def test_an_empty_page_says_what_to_set_and_what_will_be_here(opened: Opened, empty_sandbox: Sandbox) -> None:
    told = words(opened(empty_sandbox.home, "alerts"))
    for part in ("No channel for alerts is set", "LOANWATCH_ALERT_WEBHOOK", "No open alerts", "No messages yet"):
        assert part in told
    assert "No process looks for alerts" in told


def test_an_alert_is_shown_with_advice_and_acknowledged_and_its_failed_message_sent_again(
    opened: Opened, empty_sandbox: Sandbox, failed: Deployment
) -> None:
    assert "Action needed: training failed" in words(opened(empty_sandbox.home))
    app = opened(empty_sandbox.home, "alerts")
    told = words(app)
    for part in ("run-failed: training", "line 7 of &lt;b&gt;", "mend the cause", "1 message could not be delivered"):
        assert part in told
    assert "Connection refused" in told
    assert "s3cr3t" not in told
    (alert,) = alerts(failed)
    app.button(key=f"acknowledge-{alert.alert_id}").click().run()
    app.text_area(key=f"acknowledge-{alert.alert_id}-note").input("a new file comes")
    submit(app)
    assert states(failed) == {("run-failed", "training"): "acknowledged"}
    assert "a new file comes" in words(app)
    app.button(key="retry-alerts").click().run()
    with failed.ledger.reading() as connection:
        assert [row.state for row in message_rows(connection)] == ["pending"]


def test_an_alert_is_silenced_from_its_place_and_the_silence_ended(
    opened: Opened, empty_sandbox: Sandbox, failed: Deployment
) -> None:
    app = opened(empty_sandbox.home, "alerts")
    (alert,) = alerts(failed)
    app.button(key=f"silence-{alert.alert_id}").click().run()
    submit(app)
    assert "The reason is empty" in words(app)
    app.text_area(key=f"silence-{alert.alert_id}-reason").input("known")
    submit(app)
    with failed.ledger.reading() as connection:
        rows = silences(connection, failed.ledger.now(connection))
    assert [(row.rule, row.subject, row.reason) for row in rows] == [("run-failed", "training", "known")]
    assert "silenced until" in words(app)
    app.button(key="unsilence-run-failed-training").click().run()
    assert "No rule is silenced." in words(app)


def test_a_viewer_sees_alerts_and_is_refused_where_an_action_is_taken(
    opened: Opened, empty_sandbox: Sandbox, failed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    path: Path = empty_sandbox.home / "passwords"
    monkeypatch.setenv("LOANWATCH_PASSWORDS", str(path))
    write_entry(path, entry("anna", "operator", WORD))
    write_entry(path, entry("victor", "viewer", WORD))
    app = signed_in(opened(empty_sandbox.home), "victor")
    app.switch_page("console/alerts/alerts.py").run()
    assert "run-failed: training" in words(app)
    assert all(button.disabled for button in app.button if button.label in ("Acknowledge", "Silence a rule"))
    assert words(script(ACTIONS, path, "victor")).count("victor has the role viewer") == 4
    assert [action for _, action, *_ in noted(empty_sandbox)] == ["sign-in"]
    assert states(failed) == {("run-failed", "training"): "open"}
    script(ACTIONS, path, "anna")
    done = [(who, action, subject) for who, action, subject, _ in reversed(noted(empty_sandbox)[:-1])]
    assert done == [
        ("anna", "acknowledge", "run-failed training"),
        ("anna", "silence", "breach, every subject"),
        ("anna", "unsilence", "breach, every subject"),
        ("anna", "retry alerts", "1 message"),
    ]
