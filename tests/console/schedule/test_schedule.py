"""The Schedule page: the calendar, pauses, and what became of slots."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from engine.process.registry import ProcessRegistry
from storage.ledger.schedules import Pause, Slot, SlotOutcome, pause, record_outcome, schedule_rows
from tests.console.ended_runs import ended_run
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox

REASON = "the extracts of November are being corrected"


def paused(sandbox: Sandbox) -> dict[str, str]:
    with sandbox.deployment.ledger.reading() as connection:
        return {row.pipeline: row.pause_reason for row in schedule_rows(connection) if row.paused_at is not None}


def test_an_empty_home_says_what_will_be_here_and_how_to_start_it(opened: Opened, empty_sandbox: Sandbox) -> None:
    told = words(opened(empty_sandbox.home, "schedule"))
    for sentence in ("The scheduler is not running", "No scheduled run yet"):
        assert sentence in told
    assert "<code>python -m engine scheduler</code>" in told


def test_a_living_scheduler_is_not_missed(opened: Opened, empty_sandbox: Sandbox) -> None:
    presence = ProcessRegistry(empty_sandbox.deployment, "scheduler")
    presence.register({})
    assert "The scheduler is not running" not in words(opened(empty_sandbox.home, "schedule"))
    presence.deregister()
    assert "The scheduler is not running" in words(opened(empty_sandbox.home, "schedule"))


def test_a_pause_needs_a_reason_and_ends_again(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = opened(empty_sandbox.home, "schedule")
    app.button(key="pause-inference").click().run()
    assert "schedule of inference is paused" in words(app)
    send = next(button for button in app.button if button.proto.is_form_submitter)
    send.click().run()
    assert not paused(empty_sandbox)
    assert paused(empty_sandbox) == {}
    app.text_area(key="pause-inference-reason").input(REASON)
    next(button for button in app.button if button.proto.is_form_submitter).click().run()
    assert paused(empty_sandbox) == {"inference": REASON}
    assert REASON in words(app)
    app.button(key="resume-inference").click().run()
    assert paused(empty_sandbox) == {}
    assert REASON not in words(app)
    assert not app.exception


def cells(app: AppTest, day: date, pipeline: str) -> list[str]:
    """The titles of a pipeline's slots on a day of the calendar."""
    (found,) = (each.proto.body for each in app.get("html") if 'class="lw-calendar"' in each.proto.body)
    return re.findall(rf'<time datetime="{day}T[^"]*" title="({pipeline} [^"]*)"', found)


def test_the_calendar_has_a_state_and_a_deadline_for_each_slot_back_and_ahead(
    opened: Opened, empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANWATCH_TIMEZONE", "Asia/Kathmandu")
    monkeypatch.setenv("LOANWATCH_SCHEDULE_MONITORING", "off")
    deployment = Sandbox.at(empty_sandbox.home).deployment
    run_id, now, zone = ended_run(empty_sandbox, "inference"), deployment.ledger.clock(), deployment.settings.zone
    today = now.astimezone(zone).date()

    def slot(days: int) -> Slot:
        due = datetime.combine(today + timedelta(days=days), time(3), zone)
        return Slot(f"inference@{due:%Y-%m-%dT%H:%M}", "inference", due.astimezone(UTC))

    with deployment.ledger.writing() as connection:
        record_outcome(connection, slot(-3), SlotOutcome("requested", "", run_id), now)
        record_outcome(connection, slot(-2), SlotOutcome("missed", "The scheduler was not running."), now)
        pause(connection, "inference", Pause("anna", "holidays", slot(8).due_at - timedelta(hours=3)), now)
    app = opened(empty_sandbox.home, "schedule")
    shown = [cells(app, today + timedelta(days=days), "inference") for days in (-3, -2, 7, 8, 13, 14)]
    told = [" ".join(each).partition(": ")[2].partition(",")[0] for each in shown]
    assert told == ["succeeded", "missed", "paused", "planned", "planned", ""]
    assert "late (deadline" in shown[0][0]
    assert "The scheduler was not running." in shown[1][0]
    assert "is due at" in shown[3][0]
    assert f'href="/run?run_id={run_id}"' in words(app)
    assert sum(len(cells(app, today + timedelta(days=days), "training")) for days in range(14)) == 2
    assert not [days for days in range(-14, 14) if cells(app, today + timedelta(days=days), "monitoring")]
    assert "LOANWATCH_SCHEDULE_MONITORING" in words(app)
    deployment.ledger.close()


def test_a_pause_until_a_day_ends_by_itself(opened: Opened, empty_sandbox: Sandbox) -> None:
    app, day = opened(empty_sandbox.home, "schedule"), empty_sandbox.deployment.today() + timedelta(days=5)
    app.button(key="pause-inference").click().run()
    app.text_area(key="pause-inference-reason").input(REASON)
    app.date_input(key="pause-inference-until").set_value(day)
    next(button for button in app.button if button.proto.is_form_submitter).click().run()
    assert f"until {day} 00:00" in words(app)
    assert ": paused," in cells(app, day - timedelta(days=1), "inference")[0]
    assert ": planned," in cells(app, day, "inference")[0]


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
    told = told[told.index("<table") :]
    found = re.findall(r'aria-hidden="true">(\S+)</span> (requested|waiting|skipped|missed|paused)', told)
    assert found == [("✓", "requested"), ("·", "waiting"), ("-", "skipped"), ("!", "missed"), ("❚❚", "paused")]
    assert told.count(f'href="/run?run_id={run_id}"') == 2
    assert "Nobody looked &lt;i&gt;." in told


def test_a_pause_from_elsewhere_is_shown_with_who_and_why(opened: Opened, empty_sandbox: Sandbox) -> None:
    now = empty_sandbox.deployment.ledger.clock()
    with empty_sandbox.deployment.ledger.writing() as connection:
        pause(connection, "training", Pause("ben", "<script>"), now)
    told = words(opened(empty_sandbox.home, "schedule"))
    assert "by ben: &lt;script&gt;" in told
    assert "training is due at" in told
