"""Requests: one active run a pipeline, one run a request key, and what can be resumed or cancelled."""

import os
import pwd
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from storage.db.ledger import utc_now
from storage.errors import LeaseLost, UsageError
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.leases import claim, reap
from storage.ledger.runs import PipelineActive, UnknownRun, caused_by, run_row
from storage.settings import load_settings


def test_a_second_request_for_an_active_pipeline_is_told_which_run_is_in_the_way(deployment: Deployment) -> None:
    first = runs.request(deployment, runs.checked_request(deployment, "training"))
    with pytest.raises(PipelineActive, match=first) as refused:
        runs.request(deployment, runs.checked_request(deployment, "training"))
    assert refused.value.exit_code == 5
    runs.request(deployment, runs.checked_request(deployment, "inference"))


def test_one_request_key_is_one_run_however_many_ask_at_once(deployment: Deployment) -> None:
    wanted = runs.checked_request(deployment, "training", request_key="double click")
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: runs.request(deployment, wanted), range(16)))
    assert len(ids) == 1


def test_of_many_different_requests_at_once_one_wins(deployment: Deployment) -> None:
    def ask(_: int) -> str | None:
        try:
            return runs.request(deployment, runs.checked_request(deployment, "training"))
        except PipelineActive:
            return None

    with ThreadPoolExecutor(8) as pool:
        won = [run_id for run_id in pool.map(ask, range(16)) if run_id]
    assert len(won) == 1


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"colour": "red"}, "no parameter 'colour'"),
        ({"psi_threshold": "0.3"}, "no parameter 'psi_threshold'"),
        ({"quarantine_limit": "many"}, "LOANWATCH_QUARANTINE_LIMIT"),
        ({"feature_set": "best"}, "There is no feature set .best."),
        ({"candidates": "Scorecard,Best"}, "There is no candidate .Best."),
        ({"anchor_margin": "0.9"}, "can't set anchor_margin to 0.9, above the deployment's 0.02"),
        ({"auc_threshold": "0.01"}, "can't set auc_threshold to 0.01, below the deployment's 0.70"),
    ],
)
def test_a_parameter_that_can_not_be_right_is_named(
    deployment: Deployment, params: dict[str, str], complaint: str
) -> None:
    with pytest.raises((UnusableRequest, UsageError), match=complaint) as refused:
        runs.checked_request(deployment, "training", params=params)
    assert refused.value.exit_code == 2


def test_a_run_may_make_the_promotion_test_stricter_and_the_gate_more_tolerant(deployment: Deployment) -> None:
    stricter = {"anchor_margin": 0.01, "auc_threshold": 0.8}
    assert runs.checked_request(deployment, "training", params=stricter).params == stricter
    assert runs.checked_request(deployment, "monitoring", params={"auc_threshold": 0.6}).params


def test_an_unknown_pipeline_or_run_is_named(deployment: Deployment) -> None:
    with pytest.raises(UnusableRequest, match="'trainng'; the pipelines are training, inference, monitoring"):
        runs.checked_request(deployment, "trainng")
    with pytest.raises(UnknownRun, match="nothing-1"):
        runs.cancel(deployment, "nothing-1")


def test_a_waiting_run_is_cancelled_at_once_and_can_be_resumed(deployment: Deployment) -> None:
    wanted = runs.checked_request(deployment, "training", date(2024, 2, 3), params={"feature_set": "behavioural"})
    run_id = runs.request(deployment, wanted)
    assert runs.cancel(deployment, run_id) == "cancelled"
    with pytest.raises(Refused, match="cancelled already"):
        runs.cancel(deployment, run_id)
    resumed = runs.resume(deployment, run_id)
    with deployment.ledger.reading() as connection:
        row = run_row(connection, resumed)
    assert (row.cause, row.parent_run_id, row.as_of) == ("resume", run_id, date(2024, 2, 3))
    assert row.params == {"feature_set": "behavioural"}


def test_a_run_that_did_not_fail_is_not_resumed(deployment: Deployment) -> None:
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    with pytest.raises(Refused, match="is queued"):
        runs.resume(deployment, run_id)


def test_a_silent_run_is_crashed_by_whoever_looks_and_stops_blocking(tmp_path: Path) -> None:
    now = utc_now()
    clock = [now]
    deployment = Deployment.open(load_settings(home=tmp_path), lambda: clock[0])
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        assert claim(connection, run_id, "somebody", now)
    clock[0] = now + timedelta(seconds=29)
    with pytest.raises(PipelineActive):
        runs.request(deployment, runs.checked_request(deployment, "training"))
    clock[0] = now + timedelta(seconds=31)
    runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.reading() as connection:
        assert run_row(connection, run_id).state == "crashed"
    deployment.ledger.close()


def test_the_default_as_of_is_today_in_the_deployments_zone(tmp_path: Path) -> None:
    late = utc_now().replace(year=2024, month=6, day=1, hour=23, minute=30)
    deployment = Deployment.open(load_settings(home=tmp_path, timezone="Asia/Tokyo"), lambda: late)
    assert runs.checked_request(deployment, "training").as_of == date(2024, 6, 2)
    deployment.ledger.close()


def noted(deployment: Deployment) -> list[tuple[str, str, str]]:
    with deployment.ledger.reading() as connection:
        return [(row.who, row.action, row.subject) for row in reversed(action_page(connection, ActionFilter(), 100))]


def test_what_a_person_asks_for_is_in_the_audit_log_once(deployment: Deployment) -> None:
    wanted = runs.checked_request(deployment, "training", requested_by="ann", request_key="double click")
    run_id = runs.request(deployment, wanted)
    assert runs.request(deployment, wanted) == run_id
    with pytest.raises(PipelineActive):
        runs.request(deployment, runs.checked_request(deployment, "training", requested_by="ben"))
    assert noted(deployment) == [("ann", "run", run_id)]
    runs.cancel(deployment, run_id, by="cem")
    resumed = runs.resume(deployment, run_id)
    assert noted(deployment)[1:] == [("cem", "cancel", run_id), (runs.who(), "resume", resumed)]


@pytest.mark.parametrize("cause", ["schedule", "governance", "replay"])
def test_what_nobody_asked_for_in_person_is_not(deployment: Deployment, cause: str) -> None:
    runs.request(deployment, runs.checked_request(deployment, "training", cause=cause))
    assert noted(deployment) == []


def test_a_requeued_run_is_not_audited_as_resumed_by_a_person(deployment: Deployment) -> None:
    run_id = runs.request(deployment, runs.checked_request(deployment, "training", requested_by="ann"))
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "somebody", deployment.ledger.clock())
    assert lease is not None
    assert runs.requeue(deployment, lease, "The worker stops")
    assert noted(deployment) == [("ann", "run", run_id)]


@pytest.mark.parametrize("variable", ["LOGNAME", "USER", "LNAME", "USERNAME"])
def test_who_acts_is_the_account_whatever_the_environment_says(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "<h1>")
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    assert noted(deployment) == [(pwd.getpwuid(os.getuid()).pw_name, "run", run_id)]


def test_an_account_without_a_name_acts_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_001)
    assert runs.who() == "uid 4000000001"


def test_a_run_is_requeued_only_so_often(deployment: Deployment) -> None:
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    for times in range(runs.MOST_REQUEUES + 1):
        with deployment.ledger.writing() as connection:
            lease = claim(connection, run_id, "somebody", deployment.ledger.clock())
        assert lease is not None
        again = runs.requeue(deployment, lease, "Ray ended")
        with deployment.ledger.reading() as connection:
            ended = run_row(connection, run_id)
        assert ended.state == "crashed"
        assert (again is None) == (times == runs.MOST_REQUEUES)
        run_id = again or run_id
    assert ended.error["message"] == f"Ray ended; continue with `resume {run_id}`."
    with deployment.ledger.reading() as connection:
        assert caused_by(connection, run_id) == []


def test_a_run_that_was_reaped_before_it_could_be_handed_back_is_requeued_once(deployment: Deployment) -> None:
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "somebody", deployment.ledger.clock())
        assert reap(connection, timedelta(0), deployment.ledger.clock() + timedelta(seconds=1)) == [run_id]
    assert lease is not None
    again = runs.requeue(deployment, lease, "Ray ended")
    with deployment.ledger.reading() as connection:
        assert run_row(connection, run_id).error["type"] == "HandedBack"
        assert caused_by(connection, run_id) == [again]
    for _ in range(2):
        with pytest.raises(LeaseLost):
            runs.requeue(deployment, lease, "Ray ended")


def test_a_reaped_run_that_a_person_has_replaced_is_not_requeued(deployment: Deployment) -> None:
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "somebody", deployment.ledger.clock())
        assert reap(connection, timedelta(0), deployment.ledger.clock() + timedelta(seconds=1)) == [run_id]
    assert lease is not None
    runs.cancel(deployment, runs.resume(deployment, run_id))
    with pytest.raises(LeaseLost):
        runs.requeue(deployment, lease, "Ray ended")
