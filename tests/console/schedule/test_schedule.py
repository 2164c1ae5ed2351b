"""The Schedule page: when pipelines are due, pauses, what became of slots, and the governance log."""

import re
from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from console.schedule.calendar import DAYS, lanes
from engine.process.registry import ProcessRegistry
from storage.db.schema import runs
from storage.ledger.decisions import GovernanceDecision, record_decision
from storage.ledger.runs import Request, request_run
from storage.ledger.schedules import Slot, SlotOutcome, pause, record_outcome, schedule_rows
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox

REASON = "the extracts of November are being corrected"
NUMBERS = {"auc": 0.655, "auc_low": 0.62, "auc_high": 0.69, "labelled": 2212, "psi": None, "window_rows": 12}
BREACH = {**NUMBERS, "breaches": [{"metric": "auc", "value": 0.655, "threshold": 0.7, "confirmed": True}]}


def ended_run(sandbox: Sandbox, pipeline: str = "monitoring") -> str:
    now = sandbox.deployment.ledger.clock()
    with sandbox.deployment.ledger.writing() as connection:
        run_id = request_run(connection, Request(pipeline, date(2026, 5, 3), "anna"), now)
        connection.execute(runs.update().values(state="succeeded", finished_at=now))
    return run_id


def decide(sandbox: Sandbox, status: str, action: str, day: date, retrain: str | None = None) -> str:
    """The monitoring run of a decision."""
    run_id = ended_run(sandbox)
    numbers = BREACH if status == "breach" else NUMBERS
    decision = GovernanceDecision(run_id, day, status, numbers, action, f"why {action} <b>", retrain)
    with sandbox.deployment.ledger.writing() as connection:
        record_decision(connection, decision, sandbox.deployment.ledger.clock())
    return run_id


def paused(sandbox: Sandbox) -> dict[str, str]:
    with sandbox.deployment.ledger.reading() as connection:
        return {row.pipeline: row.pause_reason for row in schedule_rows(connection) if row.paused_at is not None}


def log_lines(app: AppTest) -> list[str]:
    """The lines of the governance log."""
    (found,) = (each.proto.body for each in app.get("html") if "Retraining decisions, newest first" in each.proto.body)
    return re.findall(r"<tr>.*?</tr>", found.partition("<tbody>")[2], re.DOTALL)


def test_an_empty_home_says_what_will_be_here_and_how_to_start_it(opened: Opened, empty_sandbox: Sandbox) -> None:
    told = words(opened(empty_sandbox.home, "schedule"))
    for sentence in ("The scheduler is not running", "No scheduled run yet", "No decisions yet"):
        assert sentence in told
    assert "<code>python -m engine up</code>" in told
    assert "needs a review" not in told


def test_a_living_scheduler_is_not_missed(opened: Opened, empty_sandbox: Sandbox) -> None:
    presence = ProcessRegistry(empty_sandbox.deployment, "scheduler")
    presence.register({})
    assert "The scheduler is not running" not in words(opened(empty_sandbox.home, "schedule"))
    presence.deregister()
    assert "The scheduler is not running" in words(opened(empty_sandbox.home, "schedule"))


def test_the_strip_has_a_lane_a_pipeline_in_the_zone_of_the_deployment(
    opened: Opened, empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANWATCH_TIMEZONE", "Asia/Kathmandu")
    monkeypatch.setenv("LOANWATCH_SCHEDULE_MONITORING", "off")
    app = opened(empty_sandbox.home, "schedule")
    (strip,) = (each.proto.body for each in app.get("html") if 'role="table"' in each.proto.body)
    assert strip.count('role="columnheader"') == 1 + DAYS
    assert re.findall(r'rowheader">(\w+)', strip) == ["training", "inference", "monitoring"]
    times = re.findall(r'datetime="[^"]+T(\d\d:\d\d):00\+05:45" title="(\w+) ', strip)
    assert times.count(("03:00", "inference")) == DAYS
    assert times.count(("02:00", "training")) == 2
    assert "monitoring" not in {name for _, name in times}
    assert "LOANWATCH_SCHEDULE_MONITORING" in words(app)


def test_a_lane_knows_the_days_on_which_the_clocks_change(
    opened: Opened, empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANWATCH_TIMEZONE", "Europe/Berlin")
    opened(empty_sandbox.home, "schedule")
    now = empty_sandbox.deployment.ledger.clock().replace(year=2026, month=10, day=20)
    inference = next(lane for lane in lanes({}, now) if lane.pipeline == "inference")
    assert len(inference.slots) == DAYS
    assert {slot.due_at.hour for slot in inference.slots} == {1, 2}


def test_a_pause_needs_a_reason_and_ends_again(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = opened(empty_sandbox.home, "schedule")
    app.button(key="pause-inference").click().run()
    send = next(button for button in app.button if button.proto.is_form_submitter)
    send.click().run()
    assert not paused(empty_sandbox)
    assert paused(empty_sandbox) == {}
    app.text_area(key="pause-inference-reason").input(REASON)
    next(button for button in app.button if button.proto.is_form_submitter).click().run()
    assert paused(empty_sandbox) == {"inference": REASON}
    assert REASON in words(app)
    assert "lw-off" in words(app)
    app.button(key="resume-inference").click().run()
    assert paused(empty_sandbox) == {}
    assert REASON not in words(app)
    assert not app.exception


def test_what_became_of_the_last_slots_is_told_with_sign_word_reason_and_run(
    opened: Opened, empty_sandbox: Sandbox
) -> None:
    run_id, now = ended_run(empty_sandbox), empty_sandbox.deployment.ledger.clock()
    fates = [
        SlotOutcome("requested", "", run_id),
        SlotOutcome("waiting", "Run x is active."),
        SlotOutcome("skipped", "Run y was still active.", run_id),
        SlotOutcome("missed", "Nobody looked <i>."),
        SlotOutcome("paused", "Paused by anna."),
    ]
    with empty_sandbox.deployment.ledger.writing() as connection:
        for number, fate in enumerate(fates):
            record_outcome(connection, Slot(f"s{number}", "inference", now - timedelta(days=number)), fate, now)
    told = words(opened(empty_sandbox.home, "schedule"))
    found = re.findall(r'aria-hidden="true">(\S+)</span> (requested|waiting|skipped|missed|paused)', told)
    assert found == [("✓", "requested"), ("·", "waiting"), ("-", "skipped"), ("!", "missed"), ("❚❚", "paused")]
    assert told.count(f'href="/run?run_id={run_id}"') == 2
    assert "Nobody looked &lt;i&gt;." in told


def test_the_governance_log_tells_numbers_action_and_runs(opened: Opened, empty_sandbox: Sandbox) -> None:
    retrain = ended_run(empty_sandbox, "training")
    decide(empty_sandbox, "healthy", "none", date(2026, 5, 1))
    asked = decide(empty_sandbox, "breach", "requested", date(2026, 5, 2), retrain)
    decide(empty_sandbox, "breach", "suppressed", date(2026, 5, 3))
    app = opened(empty_sandbox.home, "schedule")
    newest, second, oldest = log_lines(app)
    assert "3 May 2026" in newest
    assert "suppressed" in newest
    auc = "AUC 0.655 (0.620 to 0.690), 2,212 labelled loans, below 0.7"
    for part in ("2 May 2026", "breach", "requested", auc, asked, retrain):
        assert part in second
    assert "PSI not measured, 12 loans" in second
    assert "why requested &lt;b&gt;" in second
    assert "nothing to do" in oldest
    assert "below" not in oldest


@pytest.mark.thorough
def test_the_governance_log_is_filtered_and_paged_and_its_address_can_be_shared(
    opened: Opened, empty_sandbox: Sandbox
) -> None:
    for number in range(25):
        decide(empty_sandbox, "healthy", "none", date(2026, 5, 1) + timedelta(days=number))
    decide(empty_sandbox, "breach", "suppressed", date(2026, 5, 26))
    assert len(log_lines(opened(empty_sandbox.home, "schedule"))) == 20
    assert len(log_lines(opened(empty_sandbox.home, "schedule", page="2"))) == 6
    assert len(log_lines(opened(empty_sandbox.home, "schedule", decisions="Breaches and data faults"))) == 1
    for odd in ({"page": "99"}, {"page": "-1"}, {"page": "x"}, {"decisions": "nonsense"}):
        assert log_lines(opened(empty_sandbox.home, "schedule", **odd))


def test_a_person_is_asked_on_top_until_a_decision_is_healthy(opened: Opened, empty_sandbox: Sandbox) -> None:
    decide(empty_sandbox, "breach", "escalated", date(2026, 5, 3))
    app = opened(empty_sandbox.home, "schedule")
    assert "The model needs a review since 3 May 2026" in words(app)
    decide(empty_sandbox, "healthy", "none", date(2026, 5, 4))
    assert "The model needs a review" not in words(app.run())


def test_a_pause_from_elsewhere_is_shown_with_who_and_why(opened: Opened, empty_sandbox: Sandbox) -> None:
    now = empty_sandbox.deployment.ledger.clock()
    with empty_sandbox.deployment.ledger.writing() as connection:
        pause(connection, "training", "ben", "<script>", now)
    told = words(opened(empty_sandbox.home, "schedule"))
    assert "by ben: &lt;script&gt;" in told
    assert "is paused; due at" in told
