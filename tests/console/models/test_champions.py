"""The champions by logical date: who was champion on a date of a replayed year, and why a champion changed."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import insert
from streamlit.testing.v1 import AppTest

from engine.control.notes import write_note
from engine.documents.champions.changes import champion_change_on, champion_changes, reason_in_short, steps
from engine.documents.values import Document
from storage.db.model_tables import alias_events, models
from storage.db.schema import decisions, runs
from storage.ledger.audit import Action, record_action
from storage.ledger.models import AliasEvent, move_alias
from tests.commands import command, document
from tests.console.journey import PATIENCE, visiting
from tests.console.live import running_console
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox

MADE = datetime(2026, 5, 3, 12, tzinfo=UTC)  # all of the year was replayed within minutes of this
FIRST, SECOND, THIRD, REFUSED = "20240801_000000", "20250201_000000", "20250401_000000", "20250301_000000"
BREACH = "PSI 0.297 is at or above 0.20 (confirmed: above the noise level)."
COUNTS = {"train": {"loans": 6945, "defaults": 1973}, "test": {"loans": 1728, "defaults": 490}}
VIEW = "Champions over time"


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    """A replayed year with three champions, the last two because monitoring asked for a training."""
    sandbox = Sandbox.at(tmp_path_factory.mktemp("replayed") / "home")
    for minute, (version, champion) in enumerate({FIRST: None, SECOND: FIRST, REFUSED: SECOND, THIRD: SECOND}.items()):
        replay(sandbox, version, champion, MADE + timedelta(minutes=minute))
    return sandbox


def replay(sandbox: Sandbox, version: str, champion: str | None, at: datetime) -> None:
    """Records monitoring and training of the date of a version, which replaces `champion` unless it was refused."""
    day, training = date.fromisoformat(dated(version)), f"training-{version}"
    trained = run(training, "training", day, at, "governance" if champion else "replay")
    watched = run(f"monitoring-{version}", "monitoring", day, at, "replay")
    with sandbox.deployment.ledger.writing() as connection:
        connection.execute(insert(runs), [trained, watched])
        connection.execute(insert(models).values(**model(version, at, champion)))
        connection.execute(insert(decisions).values(**decision(version, day, at, asked=champion is not None)))
        if version != REFUSED:
            move_alias(connection, AliasEvent(version, f"run {training}", "Promoted: better.", training), at)


def dated(version: str) -> str:
    """The as-of date of a version."""
    return f"{version[:4]}-{version[4:6]}-{version[6:8]}"


def run(run_id: str, pipeline: str, day: date, at: datetime, cause: str) -> dict[str, Any]:
    """The row of a run that succeeded."""
    return {
        "run_id": run_id, "pipeline": pipeline, "state": "succeeded", "as_of": day, "params": {}, "force": False,
        "cause": cause, "cause_detail": {}, "requested_by": "ann", "requested_at": at, "started_at": at,
        "finished_at": at, "epoch": 1, "snapshot": {},
    }  # fmt: skip


def model(version: str, at: datetime, champion: str | None) -> dict[str, Any]:
    """The row of a registered model that was tested against a champion."""
    verdict = {
        "promote": version != REFUSED, "reason": "Promoted: better.", "auc": 0.752, "rows": 1728, "threshold": 0.7,
        "compared_with": champion, "difference": 0.0004 if champion else None, "low": -0.006, "high": 0.007,
    }  # fmt: skip
    summary = {
        "candidates": {}, "feature_set": "safe15", "as_of": dated(version),
        "rows": COUNTS, "promotion": verdict,
    }  # fmt: skip
    return {
        "version": version, "model_name": "Scorecard", "run_id": f"training-{version}", "created_at": at, "files": {},
        "summary": summary, "trained_on": {},
    }  # fmt: skip


def decision(version: str, day: date, at: datetime, *, asked: bool) -> dict[str, Any]:
    """The row of a monitoring decision, which asked for the training of a version or found nothing."""
    return {
        "run_id": f"monitoring-{version}", "monitoring_date": day, "status": "breach" if asked else "healthy",
        "numbers": {"reason": BREACH} if asked else {}, "action": "requested" if asked else "none", "reason": BREACH,
        "requested_run_id": f"training-{version}" if asked else None, "decided_at": at,
    }  # fmt: skip


def changes(sandbox: Sandbox) -> list[Document]:
    with sandbox.deployment.ledger.reading() as connection:
        return champion_changes(connection, sandbox.deployment.settings.zone)


def asked_for(app: AppTest, day: date) -> str:
    """What the page says of the champion on a date."""
    app.date_input[0].set_value(day).run()
    assert not app.exception, app.exception
    return words(app)


def test_a_replayed_year_has_the_champions_of_its_own_dates(opened: Opened, replayed: Sandbox) -> None:
    app = opened(replayed.home, "models", view=VIEW)
    told = words(app)
    for day in ("1 Aug 2024", "1 Feb 2025", "1 Apr 2025"):
        assert day in told
    assert f"{SECOND} on 15 Mar 2025" in asked_for(app, date(2025, 3, 15))
    assert f"{FIRST} on 31 Jan 2025" in asked_for(app, date(2025, 1, 31))
    assert "There was no champion on 31 Jul 2024" in asked_for(app, date(2024, 7, 31))
    assert REFUSED not in told


def test_why_a_champion_changed_is_the_chain_from_breach_to_promotion(opened: Opened, replayed: Sandbox) -> None:
    told = words(opened(replayed.home, "models", **{"view": VIEW, "champion-on": "2025-03-15"}))
    chain = told[told.index(f"Why {SECOND} became champion") :]
    parts = (
        f"<b>Breach</b> 1 Feb 2025: {BREACH}",
        f"/run?run_id=monitoring-{SECOND}",
        "<b>Retraining</b> The retraining rule requested it",
        f"/run?run_id=training-{SECOND}",
        f"<b>Test</b> Passed: AUC 0.752 on 1,728 test loans, minimum 0.70; difference from champion {FIRST} 0.000, ",
        f"<b>Promotion</b> The training promoted it in place of {FIRST}; no person was asked.",
    )
    places = [chain.index(part) for part in parts]
    assert places == sorted(places)
    of_version = words(opened(replayed.home, "models", version=SECOND))
    assert "Champion from 1 Feb 2025 to 1 Apr 2025." in of_version
    assert "past champion, replaced on 1 Apr 2025" in of_version
    assert "registered, never champion" in words(opened(replayed.home, "models", version=REFUSED))
    assert "past champion" not in words(opened(replayed.home, "models", version=THIRD))
    assert f"<b>Breach</b> 1 Feb 2025: {BREACH}" in of_version


def test_notes_stand_on_the_timeline_at_their_dates(opened: Opened, replayed: Sandbox, tmp_path: Path) -> None:
    sandbox = replayed.copy(tmp_path / "home")
    write_note(sandbox.deployment, "date", "2025-01-10", "Policy changed", by="ann")
    write_note(sandbox.deployment, "run", f"training-{SECOND}", "Asked for by risk", by="bob")
    write_note(sandbox.deployment, "date", "2026-05-01", "After the replayed year", by="ann")
    sandbox.close()
    (chart,) = opened(sandbox.home, "models", view=VIEW).get("vega_lite_chart")
    drawn = chart.proto.spec + "".join(each.data.data.decode("utf8", "ignore") for each in chart.proto.datasets)
    for words_of_note in ("Policy changed", "Asked for by risk", f"run training-{SECOND}"):
        assert words_of_note in drawn
    assert "After the replayed year" not in drawn
    assert f"2025-02-01 (run training-{SECOND}): Asked for by risk" in chart.proto.alt


def test_the_command_answers_the_same(replayed: Sandbox) -> None:
    (found,) = document("models", "--on", "2025-03-15", "--home", str(replayed.home))
    assert found == champion_change_on(changes(replayed), date(2025, 3, 15))
    assert (found["version"], found["day"], found["until"]) == (SECOND, "2025-02-01", "2025-04-01")
    assert found["breach"]["run_id"] == f"monitoring-{SECOND}"
    told = command("models", "--on", "2025-03-15", "--home", str(replayed.home)).stdout
    assert all(step.words in told for step in steps(found))
    assert document("models", "--on", "2024-01-01", "--home", str(replayed.home)) == []
    refused = command("models", "--on", "March", "--home", str(replayed.home))
    assert refused.returncode == 2


def test_what_a_person_did_belongs_to_the_replayed_date(replayed: Sandbox, tmp_path: Path) -> None:
    sandbox = replayed.copy(tmp_path / "home")
    now = MADE + timedelta(hours=1)
    with sandbox.deployment.ledger.writing() as connection:
        move_alias(connection, AliasEvent(SECOND, "bob", "it was better"), now)
        record_action(connection, Action("bob", "rollback", SECOND, "it was better"), now)
    back, replaced, *_ = changes(sandbox)
    assert (back["day"], back["until"], back["act"], back["again"]) == ("2025-04-01", None, "rollback", True)
    assert (replaced["day"], replaced["until"]) == ("2025-04-01", "2025-04-01")
    assert [step.words for step in steps(back)] == [f"Rolled back in place of {THIRD} by bob. Reason: it was better"]
    assert reason_in_short(back) == steps(back)[0].words
    assert champion_change_on(changes(sandbox), date(2025, 4, 1)) == back
    sandbox.close()


def test_a_run_of_an_earlier_date_takes_nothing_from_later_ones(replayed: Sandbox, tmp_path: Path) -> None:
    sandbox = replayed.copy(tmp_path / "home")
    earlier = {"run_id": f"training-{REFUSED}", "version": REFUSED, "alias": "champion", "who": "x", "why": "y"}
    with sandbox.deployment.ledger.writing() as connection:
        connection.execute(insert(alias_events).values(**earlier, at=MADE + timedelta(hours=1)))
    found = changes(sandbox)
    assert [(one["version"], one["day"], one["until"]) for one in found] == [
        (REFUSED, "2025-03-01", None),
        (THIRD, "2025-04-01", "2025-04-01"),
        (SECOND, "2025-02-01", "2025-03-01"),
        (FIRST, "2024-08-01", "2025-02-01"),
    ]
    sandbox.close()


@pytest.mark.alone
@pytest.mark.thorough
def test_why_the_model_changed_in_march_is_three_clicks_from_the_overview(
    browser: Browser, replayed: Sandbox, tmp_path: Path
) -> None:
    sandbox = replayed.copy(tmp_path / "home")
    sandbox.close()
    with running_console(sandbox.home) as console, visiting(browser, console.url) as visitor:
        visitor.open()
        clicks = (
            lambda page: page.get_by_role("link", name="Models", exact=True).first,
            lambda page: page.get_by_role("tab", name=VIEW),
            lambda page: page.get_by_role("link", name="1 Feb 2025"),  # of the champion in March
        )
        for found in clicks:
            expect(found(visitor.page)).to_be_visible(timeout=PATIENCE)
            visitor.drawn()  # a click on what is just being drawn anew is lost
            found(visitor.page).click()
        chain = visitor.page.get_by_role("list", name=f"Why {SECOND} became champion")
        expect(chain.get_by_role("listitem")).to_have_text(
            [re.compile(f"^{name} ") for name in ("Breach", "Retraining", "Test", "Promotion")], timeout=PATIENCE
        )
        expect(chain).to_contain_text(BREACH)
        assert len(clicks) <= 3
        assert visitor.violations() == []
        assert visitor.strangers() == set()
