from datetime import date
from typing import Any

import pytest

from jobs.governance.breaches import Thresholds
from jobs.governance.gate import decision_on, model_governance_gate, thresholds_of, trigger_retraining_dag
from storage.ledger.runs import run_row
from tests.job_factory import JobFactory
from tests.sandbox import AS_OF, Sandbox

SETTINGS = {"auc_threshold": 0.7, "psi_threshold": 0.2, "auc_least_defaults": 50}
NUMBERS = ("auc", "auc_high", "psi", "psi_chance_level")
Row = dict[str, Any]


def row(auc: float | None, high: float | None, psi: float | None, chance: float | None) -> Row:
    status = "insufficient" if auc is None or high is None else "measured"
    return {**dict(zip(NUMBERS, (auc, high, psi, chance), strict=True)), "auc_status": status}


CASES: list[tuple[Row, str, bool, list[tuple[str, bool]]]] = [
    (row(0.80, 0.85, 0.05, 0.1), "healthy", False, []),
    (row(0.70, 0.75, 0.05, 0.1), "healthy", False, []),
    (row(0.699999, 0.75, 0.05, 0.1), "breach", True, [("auc", False)]),
    (row(0.60, 0.69, 0.05, 0.1), "breach", True, [("auc", True)]),
    (row(0.80, 0.85, 0.2, 0.1), "breach", True, [("psi", True)]),
    (row(0.80, 0.85, 0.2, 0.3), "breach", True, [("psi", False)]),
    (row(0.80, 0.85, 0.15, 0.1), "watch", False, []),
    (row(None, None, 0.05, 0.1), "insufficient", False, []),
    (row(0.80, 0.85, None, None), "insufficient", False, []),
    (row(None, None, None, None), "insufficient", False, []),
    (row(None, None, 0.3, 0.1), "breach", True, [("psi", True)]),
    (row(0.60, 0.65, None, None), "breach", True, [("auc", True)]),
    (row(0.60, 0.65, 0.3, 0.1), "breach", True, [("auc", True), ("psi", True)]),
    (row(0.50, None, 0.05, 0.1), "insufficient", False, []),
]


@pytest.mark.parametrize(("numbers", "status", "retrain", "breaches"), CASES)
def test_the_gate_decides_on_the_numbers(
    job_factory: JobFactory, numbers: Row, status: str, retrain: bool, breaches: list[tuple[str, bool]]
) -> None:
    job = job_factory.job(settings=SETTINGS, values={"calculate_monitoring_metrics": {"row": numbers}})
    outcome = model_governance_gate(job)
    found = outcome.values
    assert (found["status"], found["retrain"]) == (status, retrain)
    assert [(one["metric"], one["confirmed"]) for one in found["numbers"]["breaches"]] == breaches
    assert outcome.decision == found
    assert found["reason"].endswith(".")
    assert {name: found["numbers"][name] for name in numbers} == numbers


def test_an_auc_of_too_few_outcomes_is_not_judged() -> None:
    numbers = row(0.40, 0.65, 0.05, 0.1) | {"auc_status": "insufficient"}
    decision = decision_on(numbers, Thresholds())
    assert (decision.status, decision.breaches, decision.retrain) == ("insufficient", (), False)


STALE = {"stale_reasons": ["loans is stale: its newest row is of 2024-03-01."]}


@pytest.mark.parametrize(
    "numbers", [row(0.60, 0.69, 0.3, 0.1), row(0.80, 0.85, 0.05, 0.1), row(None, None, None, None)]
)
def test_with_a_stale_extract_the_state_is_stale_and_no_retraining_is_requested(
    job_factory: JobFactory, numbers: Row
) -> None:
    without, stale = decision_on(numbers, Thresholds()), decision_on({**numbers, **STALE}, Thresholds())
    assert (stale.status, stale.retrain, stale.breaches) == ("stale", False, without.breaches)
    assert stale.reasons == (*STALE["stale_reasons"], *without.reasons)
    job = job_factory.job(settings=SETTINGS, values={"calculate_monitoring_metrics": {"row": {**numbers, **STALE}}})
    gate = model_governance_gate(job)
    asked = trigger_retraining_dag(job_factory.job(values={"model_governance_gate": gate.values}))
    assert (asked.request, asked.skipped) == (None, "the status is stale")


@pytest.mark.parametrize(
    ("window", "sentence"),
    [
        (
            ("2025-09", "2025-11"),
            "PSI is of the loans of 2025-09 to 2025-11: there are no newer ones up to 2025-12-01.",
        ),
        (("2025-11", "2025-11"), "PSI is of the loans of 2025-11: there are no newer ones up to 2025-12-01."),
        (("2025-11", "2025-12"), ""),
        ((None, None), ""),
    ],
)
def test_an_old_window_of_the_psi_says_from_when_it_is(
    job_factory: JobFactory, window: tuple[str | None, str | None], sentence: str
) -> None:
    numbers = row(0.80, 0.85, 0.05, 0.1) | dict(zip(("window_from", "window_to"), window, strict=True))
    job = job_factory.job(settings=SETTINGS, values={"calculate_monitoring_metrics": {"row": numbers}})
    reason = model_governance_gate(job).values["reason"]
    assert reason == f"AUC and PSI are within their thresholds. {sentence}".strip()


def test_a_psi_that_is_not_measured_has_no_window(job_factory: JobFactory) -> None:
    numbers = row(0.80, 0.85, None, None) | {"window_from": "2025-01", "window_to": "2025-02"}
    job = job_factory.job(settings=SETTINGS, values={"calculate_monitoring_metrics": {"row": numbers}})
    assert "PSI is of" not in model_governance_gate(job).values["reason"]


def test_the_reason_has_the_loans_of_the_auc_and_beside_it_the_auc_of_all_outcomes(job_factory: JobFactory) -> None:
    window = {"auc_from": "2025-01", "auc_to": "2025-03", "defaults": 102, "labelled": 380}
    numbers = row(0.656, 0.71, 0.05, 0.1) | window | {"auc_pooled": 0.7312, "labelled_pooled": 1240}
    job = job_factory.job(settings=SETTINGS, values={"calculate_monitoring_metrics": {"row": numbers}})
    assert model_governance_gate(job).values["reason"] == (
        "AUC 0.656 of the loans of 2025-01 to 2025-03 (102 defaults) is below 0.70 (not confirmed: only part of its "
        "95% interval is below). AUC is 0.731 over all 1,240 known outcomes."
    )


@pytest.mark.parametrize(
    ("window", "why"),
    [
        (
            {"auc_from": None, "auc_to": None, "defaults": 0},
            "no cohort month has all its outcomes yet, and 50 defaults",
        ),
        (
            {"auc_from": "2025-01", "auc_to": "2025-02", "defaults": 1},
            "the loans of 2025-01 to 2025-02 have 1 default, and",
        ),
        ({"auc_from": "2025-01", "auc_to": "2025-01", "defaults": 90}, "have outcomes of one class only, or an AUC of"),
    ],
)
def test_an_auc_that_is_not_measured_says_how_many_defaults_there_are(window: Row, why: str) -> None:
    (reason,) = decision_on(row(None, None, 0.05, 0.1) | window, Thresholds()).reasons
    assert reason.startswith("AUC is not measured: ")
    assert why in reason


def test_thresholds_are_the_settings(job_factory: JobFactory) -> None:
    job = job_factory.job(settings={"auc_threshold": 0.8, "psi_threshold": 0.4, "auc_least_defaults": 30})
    assert thresholds_of(job) == Thresholds(auc=0.8, psi=0.4, least_defaults=30)
    numbers = row(0.75, 0.78, 0.3, 0.1)
    assert decision_on(numbers, thresholds_of(job)).breaches[0].metric == "auc"
    assert decision_on(numbers, Thresholds()).breaches[0].metric == "psi"


@pytest.mark.parametrize("status", ["healthy", "watch", "insufficient"])
def test_nothing_is_triggered_without_a_breach(job_factory: JobFactory, status: str) -> None:
    gate: dict[str, Any] = {"status": status, "retrain": False, "reason": "fine.", "numbers": {}}
    outcome = trigger_retraining_dag(job_factory.job(values={"model_governance_gate": gate}))
    assert (outcome.skipped, outcome.request) == (f"the status is {status}", None)


def test_a_breach_asks_for_training_and_says_why(job_factory: JobFactory) -> None:
    numbers = {"psi": 0.3}
    gate = {"status": "breach", "retrain": True, "reason": "PSI 0.3 is too high.", "numbers": numbers}
    outcome = trigger_retraining_dag(job_factory.job(values={"model_governance_gate": gate}))
    assert outcome.skipped is None
    assert outcome.request == {"pipeline": "training", "reason": "PSI 0.3 is too high.", "numbers": numbers}


def test_a_healthy_model_is_left_alone(monitored_sandbox: Sandbox) -> None:
    (decision,) = monitored_sandbox.decisions()
    assert (decision.status, decision.action, decision.requested_run_id) == ("healthy", "none", None)
    assert decision.monitoring_date == AS_OF
    assert monitored_sandbox.governance_requests() == []
    assert monitored_sandbox.states(decision.run_id)["trigger_retraining_dag"] == "skipped"


def test_a_breach_requests_a_training_run_of_the_same_day_and_book(sandbox: Sandbox) -> None:
    day = date(2025, 11, 1)
    sandbox.succeed("inference", day, force=True)
    run = sandbox.succeed("monitoring", day, auc_threshold=0.99)
    (decision,) = sandbox.decisions()
    (wanted,) = sandbox.governance_requests()
    assert (decision.status, decision.action, decision.requested_run_id) == ("breach", "requested", wanted)
    assert "AUC" in decision.reason
    with sandbox.deployment.ledger.reading() as connection:
        requested = run_row(connection, wanted)
    assert (requested.pipeline, requested.state, requested.as_of) == ("training", "queued", day)
    assert (requested.cause, requested.cause_run_id) == ("governance", run)
    assert requested.params == {"data": sandbox.data(), "feature_set": "safe15"}
    assert sandbox.states(run)["trigger_retraining_dag"] == "succeeded"


@pytest.mark.thorough
def test_a_second_breach_while_training_waits_is_suppressed_with_its_reason(sandbox: Sandbox) -> None:
    sandbox.succeed("monitoring", auc_threshold=0.99)
    sandbox.succeed("monitoring", auc_threshold=0.98)
    (wanted,) = sandbox.governance_requests()
    first, second = sandbox.decisions()
    assert (first.action, second.action) == ("requested", "suppressed")
    assert second.requested_run_id == wanted
    assert "No run was requested: a retraining was requested on 2025-12-01, within 7 days" in second.reason
