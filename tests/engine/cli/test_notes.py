"""The command `notes`: what is written on a date, a run or a decision is listed, removed, and in the audit log."""

from datetime import date
from pathlib import Path

import pytest

from engine.deployment import Deployment
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.decisions import GovernanceDecision, record_decision
from storage.settings import load_settings
from tests.commands import command, document
from tests.engine.alerts.happenings import ended_run

DAY = date(2025, 1, 1)


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    monkeypatch.setenv("LOANWATCH_HOME", str(tmp_path / "home"))
    return Deployment.open(load_settings())


def test_notes_are_written_listed_and_removed(deployment: Deployment) -> None:
    assert "notes add TEXT" in command("notes").stdout
    run_id = ended_run(deployment, "succeeded")
    with deployment.ledger.writing() as connection:
        decision = GovernanceDecision(run_id, DAY, "breach", {}, "requested", "AUC below 0.70")
        record_decision(connection, decision, deployment.ledger.now(connection))
    deployment.ledger.close()
    written = document("notes", "add", "Rates rose\n by a point", "--date", "2025-01-15")
    assert (written["kind"], written["day"], written["words"]) == ("date", "2025-01-15", "Rates rose by a point")
    on_run = document("notes", "add", "Extract came late", "--run", "latest")
    assert on_run["subject"] == run_id
    document("notes", "add", "Expected: the new product", "--decision", str(DAY))
    narrowed = document("notes", "--from", "2025-01-01", "--to", "2025-01-31")
    assert [each["words"] for each in narrowed] == ["Expected: the new product", "Rates rose by a point"]
    assert document("notes", "remove", str(written["id"]))["id"] == written["id"]
    assert "was removed by" in command("notes", "remove", str(written["id"])).stderr
    assert {each["kind"] for each in document("notes")} == {"run", "decision"}
    with deployment.ledger.reading() as connection:
        rows = action_page(connection, ActionFilter(), 10)
    deployment.ledger.close()
    assert [(row.action, row.subject) for row in rows[:2]] == [
        ("remove note", "date 2025-01-15"),
        ("note", f"decision {DAY}"),
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("add", " ", "--date", "2025-01-01"), "The note is empty"),
        (("add", "x" * 501, "--date", "2025-01-01"), "at most 500"),
        (("add", "text", "--date", "January"), "'January' is not a date"),
        (("add", "text", "--decision", "2025-01-01"), "no retraining decision about 2025-01-01"),
        (("add", "text", "--date", "2025-01-01", "--run", "latest"), "one of --date, --run and --decision"),
        (("remove", "7"), "There is no note 7"),
    ],
)
def test_a_note_that_cannot_be_written_is_told_in_a_sentence(
    deployment: Deployment, words: tuple[str, ...], told: str
) -> None:
    deployment.ledger.close()
    ended = command("notes", *words)
    assert told in ended.stderr
    assert ended.returncode == 2
