"""What is said of the task that requests a retraining."""

from typing import Any

import pytest

from engine.documents.running.request import REQUESTS, request_in_words


@pytest.mark.parametrize(
    ("run_state", "decision", "told"),
    [
        ("succeeded", {"action": "escalated", "requested_run_id": None}, "escalated: no run was requested"),
        ("succeeded", {"action": "requested", "requested_run_id": "training-1"}, "requested: training-1"),
        ("succeeded", None, "no run was requested"),  # a trial
        ("failed", None, "no run was requested"),
        ("running", None, "decided when the run succeeds"),
    ],
)
def test_it_has_requested_a_run_only_where_one_was(run_state: str, decision: Any, told: str) -> None:
    run = {"state": run_state, "decision": decision}
    task = {"name": REQUESTS, "state": "succeeded"}
    assert request_in_words(task, run) == told
    assert request_in_words({**task, "state": "skipped"}, run) == ""
    assert request_in_words({**task, "name": "model_governance_gate"}, run) == ""
    assert request_in_words(task, {"state": run_state}) == ""
