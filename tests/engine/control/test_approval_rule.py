"""The rule of approval holds whatever the settings of the person are who acts."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.control import runs
from engine.control.approval import approve, reject
from engine.control.promotion import promote
from engine.deployment import Deployment
from engine.errors import Refused
from engine.execution.publish import commit
from jobs.job import TaskResult
from jobs.modelling.promotion.opponents import Opponent, Opponents
from jobs.modelling.promotion.rule import Limits, verdict_on
from storage.ledger.approvals import open_request
from storage.ledger.leases import claim, end_early
from storage.ledger.models import ModelVersion, model_by_alias
from storage.ledger.runs import run_row
from tests.engine.control.conftest import Registered
from tests.engine.runner import PipelineRunner, task

FIRST, SECOND, TRAINED = "20240101_000000", "20240201_000000", "20240401_000000"


@pytest.fixture
def strict(deployment: Deployment) -> Deployment:
    return deployment.with_settings(deployment.settings.changed(require_approval=True))


def champion(deployment: Deployment) -> str | None:
    with deployment.ledger.reading() as connection:
        found = model_by_alias(connection)
    return found and found.version


def trained(deployment: Deployment, like: ModelVersion, auc: float = 0.8) -> str:
    """A model of this test AUC that carl's run trained in a deployment that requires approval; the run was resumed."""
    ledger, compared = deployment.ledger, Opponents(Opponent(None, None, "there was no champion before"))
    first = runs.request(deployment, runs.checked_request(deployment, "training", requested_by="carl"))
    with ledger.writing() as connection:
        lease = claim(connection, first, "test", ledger.clock())
        assert lease is not None
        end_early(
            connection, lease, "crashed", {"type": "HandedBack", "message": "it ended", "exit_code": 1}, ledger.clock()
        )
    run_id = runs.resume(deployment, first, by="dan")
    with ledger.writing() as connection:
        lease = claim(connection, run_id, "test", ledger.clock())
        assert lease is not None
    verdict = verdict_on(auc, 500, Limits(0.7, 0.02, approval=True), champion(deployment), compared).as_json()
    made = replace(like, version=TRAINED, summary={"candidates": {}, "promotion": verdict})
    commit(deployment, lease, [(run_id, TaskResult(model=made))])
    return TRAINED


def test_an_open_request_needs_a_second_person_in_every_environment(
    deployment: Deployment, strict: Deployment, registered: Registered
) -> None:
    registered(FIRST)
    promote(strict, FIRST, "the first", by="ann")
    for person in ("ann", "ben"):
        with pytest.raises(Refused, match=r"waits for approval already \(requested by ann\)"):
            promote(deployment, FIRST, "now", by=person)
    with pytest.raises(Refused, match="another person has to"):
        approve(deployment, FIRST, "mine", by="ann")
    assert champion(deployment) is None
    assert approve(deployment, FIRST, "checked", by="ben").version == FIRST


def test_a_version_whose_request_was_rejected_or_superseded_is_requested_again(
    deployment: Deployment, strict: Deployment, registered: Registered
) -> None:
    registered(FIRST)
    registered(SECOND)
    promote(strict, FIRST, "the first", by="ann")
    promote(strict, SECOND, "a better one", by="ann")
    assert promote(deployment, FIRST, "it was superseded", by="ann").waiting
    reject(deployment, FIRST, "not now", by="ben")
    assert promote(deployment, FIRST, "it was rejected", by="ann").waiting
    assert champion(deployment) is None


@pytest.mark.parametrize("auc", [0.8, 0.6])
def test_a_model_stays_under_the_rule_in_which_it_was_registered(
    deployment: Deployment, strict: Deployment, registered: Registered, auc: float
) -> None:
    version = trained(strict, registered(FIRST), auc)
    if auc > 0.7:
        reject(deployment, version, "not now", by="ben")
    assert promote(deployment, version, "anyway", by="ann").waiting
    assert champion(deployment) is None
    assert not promote(deployment, FIRST, "registered without the rule", by="ann").waiting


@pytest.mark.parametrize("person", ["carl", "Dan"])
def test_nobody_approves_the_model_of_a_run_that_they_requested_or_resumed(
    strict: Deployment, registered: Registered, person: str
) -> None:
    version = trained(strict, registered(FIRST))
    with pytest.raises(Refused, match=f"{person} requested the approval"):
        approve(strict, version, "mine", by=person)
    with strict.ledger.reading() as connection:
        assert open_request(connection) is not None
    assert approve(strict, version, "checked", by="ben").version == version


def test_a_run_that_was_requested_without_the_rule_is_refused_where_it_is_executed(
    deployment: Deployment, strict: Deployment, runner_of: Callable[..., PipelineRunner]
) -> None:
    runner = runner_of(task("one"))
    loose = runs.checked_request(deployment, "training", params={"require_approval": False})
    run_id, state = replace_deployment(runner, strict).execute_run(runs.request(deployment, loose))
    assert state == "failed"
    with strict.ledger.reading() as connection:
        assert "a run can't set require_approval to false" in run_row(connection, run_id).error["message"]


def replace_deployment(runner: PipelineRunner, deployment: Deployment) -> PipelineRunner:
    return PipelineRunner(deployment, runner.executor, runner.pipeline.tasks)
