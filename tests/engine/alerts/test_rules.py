"""Rules of alerts: each sees what is wrong, once, and sees that it is over."""

from datetime import timedelta

import pytest

from engine.alerts.evaluation import evaluate
from engine.control.runs import requeue
from engine.deployment import Deployment
from storage.ledger.alerts.messages import message_rows
from storage.ledger.leases import claim
from storage.ledger.schedules import Pause, Slot, SlotOutcome, pause, record_outcome, schedule_of, unpause
from tests.engine.alerts.happenings import (
    DAY,
    alerts,
    decide,
    ended_run,
    enter_process,
    states,
    waiting_run,
)

TRIAL = {"trial": {"folder": ["/ours", "/other"]}}


@pytest.fixture
def watched(deployment: Deployment) -> Deployment:
    """A deployment that was looked at once, with a webhook that nobody sends to."""
    told = deployment.with_settings(deployment.settings.changed(alert_webhook="http://127.0.0.1:1/", alert_disk_gib=0))
    assert evaluate(told)
    assert not evaluate(told)
    return told


@pytest.mark.parametrize("state", ["failed", "crashed"])
def test_a_run_that_ended_badly_is_an_alert_until_the_pipeline_succeeds_for_its_date(
    watched: Deployment, state: str
) -> None:
    rule = f"run-{state}"
    run_id = ended_run(watched, state, message="File loans.csv, line 3: SSN 123-45-6789 <b>")
    assert evaluate(watched)
    assert not evaluate(watched)
    (alert,) = alerts(watched)
    assert (alert.rule, alert.subject, alert.state, alert.count, alert.run_id) == (rule, "training", "open", 1, run_id)
    assert "line 3" in alert.summary
    assert run_id in alert.advice
    second = ended_run(watched, state)
    assert evaluate(watched)
    (alert,) = alerts(watched)
    assert (alert.count, alert.run_id) == (2, second)
    with watched.ledger.reading() as connection:
        assert len(message_rows(connection)) == 1
    ended_run(watched, "succeeded", as_of=DAY - timedelta(days=30))  # of a day that was not the one that failed
    ended_run(watched, "succeeded", "inference")
    ended_run(watched, "succeeded", cause_detail=TRIAL)
    evaluate(watched)
    assert states(watched) == {(rule, "training"): "open"}
    ended_run(watched, "succeeded")
    assert evaluate(watched)
    assert states(watched) == {(rule, "training"): "resolved"}
    ended_run(watched, state)
    assert evaluate(watched)
    assert [row.state for row in alerts(watched)] == ["open", "resolved"]


def test_a_failure_that_was_mended_between_two_looks_is_told_all_the_same(watched: Deployment) -> None:
    ended_run(watched, "failed")
    ended_run(watched, "succeeded")
    evaluate(watched)
    evaluate(watched)
    (alert,) = alerts(watched)
    assert (alert.state, alert.count) == ("resolved", 1)
    with watched.ledger.reading() as connection:
        assert len(message_rows(connection)) == 1


def test_old_failures_replays_trials_and_runs_that_go_on_elsewhere_are_no_alerts(deployment: Deployment) -> None:
    ended_run(deployment, "failed", days_ago=3)
    ended_run(deployment, "failed", "inference", cause_detail={"replay": {}}, cause="replay")
    ended_run(deployment, "crashed", cause_detail=TRIAL)
    run_id = waiting_run(deployment, 0, "monitoring")
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "somebody", deployment.ledger.now(connection))
    assert lease is not None
    assert requeue(deployment, lease, "The worker was stopped") is not None
    evaluate(deployment)
    assert alerts(deployment) == []
    ended_run(deployment, "failed")
    evaluate(deployment)
    assert states(deployment) == {("run-failed", "training"): "open"}


def test_breaches_and_data_faults_follow_the_decisions(watched: Deployment) -> None:
    decide(watched, "breach", DAY)
    evaluate(watched)
    assert states(watched) == {("breach", "model"): "open"}
    decide(watched, "data fault", DAY + timedelta(days=1), "escalated")
    evaluate(watched)
    evaluate(watched)
    assert states(watched) == {("breach", "model"): "open", ("data-fault", "data"): "open"}
    assert "A person is asked." in next(row for row in alerts(watched) if row.rule == "data-fault").summary
    decide(watched, "healthy", DAY + timedelta(days=2))
    evaluate(watched)
    assert states(watched) == {("breach", "model"): "resolved", ("data-fault", "data"): "resolved"}


def test_a_pipeline_is_late_when_its_slot_has_no_success_after_the_grace(watched: Deployment) -> None:
    with watched.ledger.writing() as connection:
        now = watched.ledger.now(connection)
        due = now - timedelta(minutes=130)
        at = f"{due:%H:%M}"
        slot = Slot(f"inference@{due:%Y-%m-%d}T{at}", "inference", due.replace(second=0, microsecond=0))
        schedule_of(connection, "inference", now)  # the schedule begins now: the slot was before it
    changed = watched.settings.changed(
        schedule_inference=f"daily {at}", schedule_training="off", schedule_monitoring="off"
    )
    late = watched.with_settings(changed)
    evaluate(late)
    assert alerts(late) == []
    with late.ledger.writing() as connection:
        record_outcome(connection, slot, SlotOutcome("requested", ""), now)
    evaluate(late.with_settings(changed.changed(alert_late_minutes=140)))
    assert alerts(late) == []
    evaluate(late)
    evaluate(late)
    (alert,) = alerts(late)
    assert (alert.rule, alert.subject, alert.state, alert.count) == ("run-late", "inference", "open", 1)
    with late.ledger.writing() as connection:
        pause(connection, "inference", Pause("anna", "holiday"), now)
    evaluate(late)
    assert states(late) == {("run-late", "inference"): "resolved"}
    with late.ledger.writing() as connection:
        unpause(connection, "inference")
    ended_run(late, "succeeded", "inference", as_of=due.date())
    evaluate(late)
    assert states(late) == {("run-late", "inference"): "resolved"}


def test_a_silent_process_and_waiting_runs_are_alerts_until_one_is_alive(watched: Deployment) -> None:
    enter_process(watched, "worker", "node-1", 31)
    enter_process(watched, "scheduler", "node-1", 1)
    enter_process(watched, "console", "node-1", 1000)
    run_id = waiting_run(watched, 31)
    evaluate(watched, steady=False)
    assert alerts(watched) == []
    evaluate(watched)
    silent, waits = ("process-silent", "worker@node-1"), ("no-worker", "worker")
    assert states(watched) == {silent: "open", waits: "open"}
    assert run_id in next(row.summary for row in alerts(watched) if row.rule == "no-worker")
    evaluate(watched, steady=False)
    assert states(watched) == {silent: "open", waits: "open"}
    enter_process(watched, "worker", "node-2", 0)  # executes the runs; that the other is missing is still so
    evaluate(watched)
    assert states(watched) == {silent: "open", waits: "resolved"}
    enter_process(watched, "worker", "node-1", 0, pid=8)
    evaluate(watched)
    assert states(watched) == {silent: "resolved", waits: "resolved"}


def test_a_disk_with_little_space_is_an_alert_that_only_its_host_ends(watched: Deployment) -> None:
    low = watched.with_settings(watched.settings.changed(alert_disk_gib=1e9))
    evaluate(low)
    (alert,) = alerts(low)
    assert (alert.rule, alert.subject.partition("@")[0], alert.state) == ("disk-low", "home", "open")
    evaluate(watched)
    assert alerts(watched)[0].state == "resolved"
