"""The Decisions page: numbers, thresholds, action and runs of each decision."""

import re
from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from storage.ledger.decisions import GovernanceDecision, record_decision
from tests.console.ended_runs import ended_run
from tests.console.pages import Opened, words
from tests.sandbox import Sandbox

THRESHOLDS = {"auc": 0.65, "psi": 0.25}
NUMBERS = {"auc": 0.655, "auc_low": 0.62, "auc_high": 0.69, "labelled": 2212, "psi": None, "window_rows": 12}
BREACH = {
    **NUMBERS,
    "thresholds": THRESHOLDS,
    "breaches": [{"metric": "auc", "value": 0.655, "threshold": 0.7, "confirmed": True}],
}


def decide(sandbox: Sandbox, status: str, action: str, day: date, retrain: str | None = None) -> str:
    """The monitoring run of a decision."""
    run_id = ended_run(sandbox)
    numbers = BREACH if status == "breach" else NUMBERS
    decision = GovernanceDecision(run_id, day, status, numbers, action, f"why {action} <b>", retrain)
    with sandbox.deployment.ledger.writing() as connection:
        record_decision(connection, decision, sandbox.deployment.ledger.clock())
    return run_id


def log_lines(app: AppTest) -> list[str]:
    """The lines of the page."""
    (found,) = (each.proto.body for each in app.get("html") if "Retraining decisions, newest first" in each.proto.body)
    return re.findall(r"<tr>.*?</tr>", found.partition("<tbody>")[2], re.DOTALL)


def test_the_decision_log_tells_numbers_action_and_runs(opened: Opened, empty_sandbox: Sandbox) -> None:
    retrain = ended_run(empty_sandbox, "training")
    decide(empty_sandbox, "healthy", "none", date(2026, 5, 1))
    asked = decide(empty_sandbox, "breach", "requested", date(2026, 5, 2), retrain)
    decide(empty_sandbox, "healthy", "suppressed", date(2026, 5, 3))
    app = opened(empty_sandbox.home, "decisions")
    newest, second, oldest = log_lines(app)
    assert "3 May 2026" in newest
    assert "suppressed" in newest
    auc = "AUC 0.655 (0.620 to 0.690), 2,212 labelled loans, below 0.70"
    for part in ("2 May 2026", "breach", "requested", auc, asked, retrain):
        assert part in second
    assert "PSI not measured, 12 loans" in second
    assert "judged by: AUC below 0.65, PSI at or above 0.25" in second
    assert "judged by" not in newest + oldest
    assert "why requested &lt;b&gt;" in second
    assert "nothing to do" in oldest
    assert "below" not in oldest


@pytest.mark.thorough
def test_the_decision_log_is_filtered_and_paged_and_its_address_can_be_shared(
    opened: Opened, empty_sandbox: Sandbox
) -> None:
    for number in range(25):
        decide(empty_sandbox, "healthy", "none", date(2026, 5, 1) + timedelta(days=number))
    decide(empty_sandbox, "breach", "suppressed", date(2026, 5, 26))
    assert len(log_lines(opened(empty_sandbox.home, "decisions"))) == 20
    assert len(log_lines(opened(empty_sandbox.home, "decisions", page="2"))) == 6
    assert len(log_lines(opened(empty_sandbox.home, "decisions", decisions="Breaches and data faults"))) == 1
    for odd in ({"page": "99"}, {"page": "-1"}, {"page": "x"}, {"decisions": "nonsense"}):
        assert log_lines(opened(empty_sandbox.home, "decisions", **odd))


def test_a_person_is_asked_on_top_until_a_decision_is_healthy(opened: Opened, empty_sandbox: Sandbox) -> None:
    decide(empty_sandbox, "breach", "escalated", date(2026, 5, 3))
    app = opened(empty_sandbox.home, "decisions")
    assert "The model needs a review since 3 May 2026" in words(app)
    decide(empty_sandbox, "healthy", "none", date(2026, 5, 4))
    assert "The model needs a review" not in words(app.run())
