"""Which deliveries were refused since the extracts were last accepted, as a ledger tells it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update

from engine.deployment import Deployment
from engine.documents.extracts import refusals
from storage.db.schema import attempts, deliveries, runs, tasks
from tests.engine.alerts.happenings import DAY, ended_run

LOANS, CLICKS = "lms_loan_daily", "feature_clickstream"
TRIAL = {"trial": {"folder": ["/ours", "/other"]}}


def reading(deployment: Deployment, state: str, pipeline: str = "training", **read: str) -> str:
    """The id of a run that ended in a state; `read` has the states of its tasks, rejected for one that failed."""
    more: dict[str, Any] = {"cause_detail": TRIAL} if read.pop("trial", "") else {}
    run_id = ended_run(deployment, state, pipeline, **more)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        for place, (task, outcome) in enumerate(read.items()):
            error = {"type": "InputRejected", "message": f"{task} of {run_id}"} if outcome == "failed" else None
            row = {"run_id": run_id, "task": task, "position": place, "state": outcome, "attempts": 1, "error": error}
            connection.execute(insert(tasks).values(**row, parts_done=0, parts_total=1, finished_at=now))
    return run_id


def found(deployment: Deployment) -> dict[str, tuple[str, str]]:
    with deployment.ledger.reading() as connection:
        return {name: (one["state"], one["run_id"]) for name, one in refusals(connection, deployment).items()}


def test_a_refused_dataset_is_told_until_a_later_run_can_use_it(deployment: Deployment) -> None:
    ok = {f"clean_{name}": "succeeded" for name in ("loan_daily", "clickstream")}
    reading(deployment, "succeeded", **ok)
    assert found(deployment) == {}
    refused = reading(deployment, "failed", ingest_lms_loan_daily="failed", ingest_feature_clickstream="succeeded")
    assert found(deployment) == {LOANS: ("refused", refused)}
    reading(deployment, "failed", trial="yes", ingest_feature_clickstream="failed")
    reading(deployment, "crashed")
    assert found(deployment) == {LOANS: ("refused", refused)}
    other = reading(
        deployment, "failed", ingest_lms_loan_daily="cached", clean_loan_daily="succeeded", clean_clickstream="failed"
    )
    assert found(deployment) == {CLICKS: ("refused", other)}
    reading(deployment, "succeeded", "inference", prepare_inference_data="succeeded")
    assert found(deployment) == {}


def test_the_part_of_an_inference_tells_which_dataset_it_refused(deployment: Deployment) -> None:
    run_id = reading(deployment, "failed", "inference", prepare_inference_data="failed")
    assert found(deployment) == {}
    key = {"run_id": run_id, "task": "prepare_inference_data", "part": LOANS, "attempt": 1}
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        connection.execute(insert(attempts).values(**key, state="failed", started_at=now))
    assert found(deployment) == {LOANS: ("refused", run_id)}


@pytest.mark.parametrize(("later", "told"), [(1, {CLICKS}), (-1, set())])
def test_a_delivery_that_was_read_beside_a_refused_one_is_not_in_use(
    deployment: Deployment, later: int, told: set[str]
) -> None:
    reading(deployment, "succeeded")
    run_id = reading(deployment, "failed", ingest_lms_loan_daily="failed", clean_clickstream="succeeded")
    with deployment.ledger.writing() as connection:
        at: datetime = deployment.ledger.now(connection) + timedelta(hours=later)
        row = {
            "dataset": CLICKS,
            "delivery": "d",
            "run_id": run_id,
            "as_of": DAY,
            "rejected": "Not used.",
            "profile": {},
        }
        connection.execute(insert(deliveries).values(**row, read_at=at, last_read_at=at))
    assert {name for name, (state, _) in found(deployment).items() if state == "unused"} == told


def test_the_newest_success_is_the_one_that_was_requested_last(deployment: Deployment) -> None:
    success = reading(deployment, "succeeded")
    reading(deployment, "failed", ingest_lms_loan_daily="failed")
    with deployment.ledger.writing() as connection:
        newest = deployment.ledger.now(connection) + timedelta(minutes=1)
        connection.execute(update(runs).where(runs.c.run_id == success).values(requested_at=newest))
    assert found(deployment) == {}
