"""FAULTS row 34, second half: drift that never goes away makes one retrain a cooldown, then a person is asked."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.control.approval import reject
from engine.control.runs import cancel, checked_request, request
from engine.deployment import Deployment
from engine.documents.models import decisions_document
from engine.documents.runs import run_details
from engine.execution.publish import commit
from jobs.job import TaskResult
from storage.ledger.leases import Lease, claim, finish
from storage.ledger.models import ModelVersion
from storage.ledger.runs import recent_runs
from storage.settings import load_settings

FIRST = date(2024, 3, 1)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    opened = Deployment.open(load_settings(home=tmp_path / "home"))
    yield opened
    opened.ledger.close()


def claimed(deployment: Deployment, run_id: str) -> Lease:
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "test", deployment.ledger.clock())
    assert lease is not None
    return lease


def monitored(deployment: Deployment, day: date, status: str = "breach") -> dict[str, Any]:
    """The decision that a monitoring run of that day leaves in the ledger."""
    lease = claimed(deployment, request(deployment, checked_request(deployment, "monitoring", day)))
    found = {"status": status, "reason": f"It is a {status}.", "retrain": status == "breach", "numbers": {"psi": 0.3}}
    wanted = {"pipeline": "training", "reason": found["reason"], "numbers": found["numbers"]}
    gate = TaskResult(decision=found)
    trigger = TaskResult(request=wanted) if status == "breach" else TaskResult(skipped="fine")
    commit(deployment, lease, [(lease.run_id, gate), (lease.run_id, trigger)])
    with deployment.ledger.reading() as connection:
        return decisions_document(connection)[0]


def test_a_monitoring_run_tells_its_decision(deployment: Deployment) -> None:
    first, second = (monitored(deployment, FIRST + timedelta(days=number)) for number in range(2))
    with deployment.ledger.reading() as connection:
        assert run_details(connection, first["run_id"])["decision"] == first
        assert run_details(connection, second["run_id"])["decision"] == second
        assert run_details(connection, first["requested_run_id"])["decision"] is None


def trained(deployment: Deployment) -> list[str]:
    """Carries out every training run that waits, without any of them helping."""
    with deployment.ledger.reading() as connection:
        waiting = [row.run_id for row in recent_runs(connection, 50, "training", "queued")]
    for run_id in waiting:
        lease = claimed(deployment, run_id)
        with deployment.ledger.writing() as connection:
            finish(connection, lease, "succeeded", None, deployment.ledger.clock())
    return waiting


def test_a_month_of_breach_makes_one_retrain_a_cooldown_and_then_asks_for_a_person(deployment: Deployment) -> None:
    told, retrains = [], []
    for number in range(31):
        told.append(monitored(deployment, FIRST + timedelta(days=number)))
        retrains += trained(deployment)
    actions = [decision["action"] for decision in told]
    assert [day for day, action in enumerate(actions) if action == "requested"] == [0, 7, 14]
    assert [day for day, action in enumerate(actions) if action == "escalated"] == [21, 28]
    assert actions.count("suppressed") == 26
    assert len(retrains) == 3
    assert [told[day]["requested_run_id"] for day in (0, 7, 14)] == retrains
    assert all("within 7 days" in one["reason"] for one in told if one["action"] == "suppressed")
    assert "3 retrainings in a row did not help" in told[21]["reason"]
    assert told[22]["requested_run_id"] is None
    assert all(one["numbers"] == {"psi": 0.3} for one in told)


def test_once_healthy_the_gate_may_ask_again(deployment: Deployment) -> None:
    days = [FIRST + timedelta(days=7 * number) for number in range(7)]
    statuses = ["breach", "breach", "breach", "breach", "healthy", "breach", "breach"]
    actions = []
    for day, status in zip(days, statuses, strict=True):
        actions.append(monitored(deployment, day, status)["action"])
        trained(deployment)
    assert actions == ["requested"] * 3 + ["escalated", "none", "requested", "requested"]


def test_an_earlier_date_is_decided_by_what_was_known_then(deployment: Deployment) -> None:
    assert monitored(deployment, FIRST)["action"] == "requested"
    trained(deployment)
    assert monitored(deployment, FIRST - timedelta(days=3))["action"] == "requested"
    trained(deployment)
    # Three days after the one that was decided last, and on the day of the first: both are within its cooldown.
    assert monitored(deployment, FIRST)["action"] == "suppressed"


def test_a_retrain_that_a_person_cancelled_is_neither_waited_for_nor_counted(deployment: Deployment) -> None:
    first = monitored(deployment, FIRST)
    cancel(deployment, first["requested_run_id"])
    assert monitored(deployment, FIRST + timedelta(days=1))["action"] == "requested"


def test_a_retrain_that_nobody_carries_out_is_not_asked_for_twice(deployment: Deployment) -> None:
    first = monitored(deployment, FIRST)
    later = monitored(deployment, FIRST + timedelta(days=30))
    assert (later["action"], later["requested_run_id"]) == ("suppressed", first["requested_run_id"])
    assert "is active already" in later["reason"]


def test_while_a_model_waits_for_approval_a_breach_requests_nothing(deployment: Deployment) -> None:
    lease = claimed(deployment, monitored(deployment, FIRST)["requested_run_id"])
    verdict = {"promote": False, "waiting": True, "reason": "Waiting for approval: better.", "champion": None}
    model = ModelVersion("20240301_000000", "x", {}, {"candidates": {}, "promotion": verdict}, {})
    commit(deployment, lease, [(lease.run_id, TaskResult(model=model))])
    told = [monitored(deployment, FIRST + timedelta(days=7 * number)) for number in range(1, 6)]
    assert {one["action"] for one in told} == {"suppressed"}
    assert {one["reason"] for one in told} == {
        "It is a breach. No run was requested: model 20240301_000000 waits for approval."
    }
    reject(deployment, model.version, "not now", by="ben")
    assert monitored(deployment, FIRST + timedelta(days=42))["action"] == "requested"


def test_a_setting_makes_the_cooldown(tmp_path: Path) -> None:
    deployment = Deployment.open(load_settings(home=tmp_path / "short", cooldown_days=2))
    actions = []
    for number in range(8):
        actions.append(monitored(deployment, FIRST + timedelta(days=number))["action"])
        trained(deployment)
    deployment.ledger.close()
    assert actions == ["requested", "suppressed"] * 3 + ["escalated", "suppressed"]
