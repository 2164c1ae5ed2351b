"""Senders that are killed: no alert is lost, and none is told twice but as one that may have been told before."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from engine.alerts.evaluation import evaluate
from engine.deployment import Deployment
from storage.ledger.alerts.messages import message_rows, tallies
from tests.engine.alerts.happenings import alerts, ended_run
from tests.paths import ROOT
from tests.processes import PIPES, until
from tests.receivers import Webhook

MOST_STEPS = 200


@pytest.fixture
def quick(deployment: Deployment, webhook: Webhook) -> Deployment:
    settings = {
        "alert_webhook": webhook.url,
        "alert_group_seconds": 0,
        "alert_retry_seconds": 0.05,
        "alert_seconds": 0.05,
        "alert_disk_gib": 0,
        "alert_resolved": False,
        "schedule_training": "off",
        "schedule_inference": "off",
        "schedule_monitoring": "off",
    }
    return deployment.with_settings(deployment.settings.changed(**settings))


@contextmanager
def watcher(deployment: Deployment, *words: str) -> Iterator[subprocess.Popen[str]]:
    names = [name for name in type(deployment.settings).model_fields if name.startswith(("alert_", "schedule_"))]
    given: dict[str, Any] = {name: getattr(deployment.settings, name) for name in (*names, "heartbeat", "lease")}
    given |= {"home": str(deployment.settings.home), "ledger": deployment.ledger.url}
    given["alert_webhook"] = deployment.settings.alert_webhook.get_secret_value()
    secrets = ("alert_command", "alert_smtp_password")
    argument = json.dumps({name: value for name, value in given.items() if name not in secrets})
    command = [sys.executable, "-m", "tests.engine.alerts.watcher", argument, *words]
    with subprocess.Popen(command, cwd=ROOT, text=True, **PIPES) as process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def begin(process: subprocess.Popen[str], step: int) -> int:
    """The pid of a child that is killed at a step."""
    assert process.stdin is not None
    process.stdin.write(f"{step}\n")
    process.stdin.flush()
    return int(line_of(process))


def assert_told_once(webhook: Webhook, alert_id: int) -> None:
    about = [got for got in webhook.got if alert_id in {alert["id"] for alert in got["alerts"]}]
    assert about
    assert len({got["delivery"] for got in about}) == 1
    assert sum(not got["repeated"] for got in about) <= 1
    assert [got["repeated"] for got in about[1:]] == [True] * (len(about) - 1)
    assert all("may have been sent before" in got["text"] for got in about if got["repeated"])


@pytest.mark.parametrize("stride", [8, pytest.param(1, marks=pytest.mark.thorough)])
def test_a_sender_that_is_killed_at_any_step_loses_no_alert_and_doubles_none(
    quick: Deployment, webhook: Webhook, stride: int
) -> None:
    trials: list[int] = []
    stride = stride if quick.ledger.is_sqlite else stride + 2
    with watcher(quick, "steps") as process:
        trials.append(_killed_while_the_receiver_answers(quick, webhook, process))
        for step in range(1, MOST_STEPS, stride):
            ended_run(quick, "failed", message=f"step {step}")
            begin(process, step)
            killed = int(line_of(process)) == -signal.SIGKILL
            begin(process, 0)
            assert line_of(process) == "0"
            trials.append(alerts(quick)[0].alert_id)
            assert_told_once(webhook, trials[-1])
            ended_run(quick, "succeeded")
            evaluate(quick)
            if not killed:
                break
    assert not killed, "the sender has more steps"
    assert len(trials) > 30 / stride
    with quick.ledger.reading() as connection:
        found = tallies(connection, "webhook")
        assert {row.state for row in message_rows(connection, 1000)} == {"sent"}
    assert (found["raised"], found["delivered"]) == (len(trials), len(trials))


@pytest.mark.thorough
def test_two_watchers_of_which_one_is_killed_now_and_then_tell_every_alert(quick: Deployment, webhook: Webhook) -> None:
    trials, kills = 16, 0
    with watcher(quick) as first:
        assert line_of(first) == "watches"
        for number in range(trials // 4):
            with watcher(quick) as second:
                assert line_of(second) == "watches"
                for _ in range(4):
                    ended_run(quick, "failed")
                    before = len(webhook.got)
                    if number % 2:
                        second.kill()
                        kills += 1
                    until(lambda: len(webhook.got) > before, "message")  # noqa: B023 - called within the loop
                    ended_run(quick, "succeeded")
                    until(lambda: alerts(quick)[0].state == "resolved", "end of the alert")
        until(lambda: _all_sent(quick), "end of the deliveries")
    told = Counter(alert_id for alert_id, _ in webhook.alerts())
    assert len(told) == len(alerts(quick)) == trials
    for alert_id in told:
        assert_told_once(webhook, alert_id)
    assert kills


def _killed_while_the_receiver_answers(quick: Deployment, webhook: Webhook, process: subprocess.Popen[str]) -> int:
    """The id of an alert whose message was taken by the receiver before its sender was killed."""
    ended_run(quick, "failed")
    pids: list[int] = []
    webhook.before_answer = lambda: os.kill(until(lambda: pids, "pid of the sender")[0], signal.SIGKILL)
    pids.append(begin(process, 0))
    assert int(line_of(process)) == -signal.SIGKILL
    webhook.before_answer = lambda: None
    begin(process, 0)
    assert line_of(process) == "0"
    assert [got["repeated"] for got in webhook.got] == [False, True]
    (alert,) = alerts(quick)
    assert_told_once(webhook, alert.alert_id)
    ended_run(quick, "succeeded")
    evaluate(quick)
    return int(alert.alert_id)


def _all_sent(deployment: Deployment) -> bool:
    with deployment.ledger.reading() as connection:
        return {row.state for row in message_rows(connection, 1000)} == {"sent"}
