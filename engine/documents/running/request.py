"""What came of the task that requests a retraining: it succeeds also where the decision is to request no run."""

from collections.abc import Mapping
from typing import Any

from storage.db.schema import ACTIVE_STATES

REQUESTS = "trigger_retraining_dag"  # the task
DONE = ("succeeded", "cached")


def request_in_words(task: Mapping[str, Any], run: Mapping[str, Any]) -> str:
    """The action of the run's decision and the run that it requested; '' for tasks that request none.

    `task` has name and state, `run` is the document of `show`; '' also for a document without the decision. A run that
    failed, and a trial, have the decision None and request nothing.
    """
    if task["name"] != REQUESTS or task["state"] not in DONE or "decision" not in run:
        return ""
    run_state, decision = run["state"], run["decision"]
    if decision is None or decision["action"] == "none":
        return no_request(run_state)
    return f"{decision['action']}: {decision['requested_run_id'] or no_request(run_state)}"


def no_request(run_state: str) -> str:
    """Why the task has requested no run: the decision is recorded when the run succeeds."""
    return "decided when the run succeeds" if run_state in ACTIVE_STATES else "no run was requested"
