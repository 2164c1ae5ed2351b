"""Approval by a second person: who may decide, against which champion, and what is recorded."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.backfill.history import training_document
from engine.control import runs
from engine.control.approval import approve, reject, rejected_in_words
from engine.control.promotion import promote, rollback
from engine.deployment import Deployment
from engine.doctor.checks import findings
from engine.errors import Refused, UnusableRequest
from engine.execution.publish import commit
from engine.report.facts import facts_of
from jobs.job import TaskResult
from storage.ledger.approvals import (
    REQUESTED,
    ApprovalEvent,
    approvals_by_version,
    open_request,
    record_approval,
)
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.leases import claim
from storage.ledger.models import AliasEvent, ModelVersion, alias_rows, anchor, model_by_alias, model_row, move_alias
from storage.ledger.runs import run_row
from tests.commands import command
from tests.databases import sqlite_only
from tests.engine.control.conftest import Registered

FIRST, SECOND, THIRD = "20240101_000000", "20240201_000000", "20240301_000000"


@pytest.fixture
def strict(deployment: Deployment, registered: Registered) -> Deployment:
    """A deployment that requires approval; FIRST is its champion, SECOND and THIRD are registered."""
    for version in (FIRST, SECOND, THIRD):
        registered(version)
    promote(deployment, FIRST, "first", by="ann")
    return deployment.with_settings(deployment.settings.changed(require_approval=True))


def champion(deployment: Deployment) -> str | None:
    with deployment.ledger.reading() as connection:
        found = model_by_alias(connection)
    return found and found.version


def state(deployment: Deployment, version: str) -> str | None:
    with deployment.ledger.reading() as connection:
        found = approvals_by_version(connection).get(version)
    return found and found.state


def waiting(deployment: Deployment) -> str | None:
    with deployment.ledger.reading() as connection:
        found = open_request(connection)
    return found and found.version


def test_a_promotion_waits_for_another_person_who_makes_it_champion_and_anchor(strict: Deployment) -> None:
    asked = promote(strict, SECOND, "it knows more", by="ann")
    assert (asked.waiting, asked.before, champion(strict), waiting(strict)) == (True, FIRST, FIRST, SECOND)
    made = approve(strict, SECOND, " checked ", by="ben")
    assert (made.waiting, made.before, champion(strict)) == (False, FIRST, SECOND)
    assert (state(strict, SECOND), waiting(strict)) == ("approved", None)
    with strict.ledger.reading() as connection:
        event, chosen = alias_rows(connection)[0], anchor(connection)
        audit = [(row.who, row.action, row.subject, row.reason) for row in action_page(connection, ActionFilter(), 2)]
    assert (event.who, event.why) == ("ben", "checked (approved; requested by ann)")
    assert chosen is not None
    assert chosen.version == SECOND
    assert audit == [
        ("ben", "approve", SECOND, "checked"),
        ("ann", "request approval", SECOND, "it knows more"),
    ]


@pytest.mark.parametrize("name", ["ann", "Ann", " ANN "])
def test_a_person_can_not_approve_their_own_request_in_any_spelling(strict: Deployment, name: str) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    with pytest.raises(Refused, match="another person has to") as refused:
        approve(strict, SECOND, "of course", by=name)
    assert refused.value.exit_code == 5
    assert (champion(strict), state(strict, SECOND)) == (FIRST, "waiting")


def test_a_rejected_model_stays_registered_and_can_be_requested_again(strict: Deployment) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    assert reject(strict, SECOND, "not now", by="ann").version == SECOND
    assert (champion(strict), state(strict, SECOND), waiting(strict)) == (FIRST, "rejected", None)
    with pytest.raises(Refused, match="does not wait for approval"):
        approve(strict, SECOND, "yet", by="ben")
    promote(strict, SECOND, "now", by="ann")
    assert approve(strict, SECOND, "yes", by="ben").version == SECOND


@sqlite_only
def test_a_rejection_tells_whether_there_is_a_champion(strict: Deployment) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    words, place = ("--reason", "not now", "--home", str(strict.settings.home)), {"LOANWATCH_LEDGER": strict.ledger.url}
    done = command("reject", SECOND, *words, env=place)
    assert done.stdout.strip() == f"Model {SECOND} was rejected. The champion stays."


def test_without_a_champion_every_advice_names_the_model_that_waits(
    deployment: Deployment, registered: Registered
) -> None:
    registered(FIRST)
    strict = deployment.with_settings(deployment.settings.changed(require_approval=True))
    promote(strict, FIRST, "first", by="ann")
    told = f"There is no champion yet; model {FIRST} waits for approval: `python -m engine approve {FIRST} --reason"
    with pytest.raises(UnusableRequest, match=told):
        facts_of(strict)
    assert [one.message for one in findings(strict) if one.check == "models"] == [f"{told} WHY`."]
    assert rejected_in_words(reject(strict, FIRST, "not now", by="ben")) == (
        f"Model {FIRST} was rejected. There is still no champion."
    )
    (finding,) = (one for one in findings(strict) if one.check == "models")
    assert finding.message == "There is no champion yet; train one with `python -m engine run training`."


def refused_as_superseded(deployment: Deployment, version: str, why: str) -> None:
    assert (state(deployment, version), waiting(deployment)) == ("superseded", None)
    for decide in (approve, reject):
        with pytest.raises(Refused, match=f"can't be decided any more: {why} since"):
            decide(deployment, version, "late", by="ben")


def test_a_request_is_closed_for_good_by_another_champion(strict: Deployment) -> None:
    loose = strict.with_settings(strict.settings.changed(require_approval=False))
    promote(strict, SECOND, "it knows more", by="ann")
    promote(loose, THIRD, "in an emergency", by="dan")
    refused_as_superseded(strict, SECOND, f"model {THIRD} became champion")
    assert rollback(strict, "it scored nonsense", by="ann").version == FIRST
    refused_as_superseded(strict, SECOND, f"model {THIRD} became champion")
    assert champion(strict) == FIRST
    promote(strict, SECOND, "again", by="ann")
    assert approve(strict, SECOND, "yes", by="ben").before == FIRST


def test_a_request_is_closed_for_good_by_a_newer_one(strict: Deployment) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    promote(strict, THIRD, "so does this", by="ann")
    assert (state(strict, SECOND), waiting(strict)) == ("superseded", THIRD)
    reject(strict, THIRD, "not now", by="ben")
    refused_as_superseded(strict, SECOND, f"the approval of model {THIRD} was requested")


def test_a_rollback_closes_a_request(strict: Deployment) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    approve(strict, SECOND, "yes", by="ben")
    promote(strict, THIRD, "newer still", by="ann")
    rollback(strict, "it scored nonsense", by="ann")
    refused_as_superseded(strict, THIRD, f"model {FIRST} became champion")


def test_a_second_request_for_one_model_is_refused(strict: Deployment) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    with pytest.raises(Refused, match=r"waits for approval already \(requested by ann\)"):
        promote(strict, SECOND, "me too", by="ben")


def test_a_rollback_needs_one_person(strict: Deployment) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    approve(strict, SECOND, "yes", by="ben")
    assert rollback(strict, "it scored nonsense", by="ann").version == FIRST
    assert champion(strict) == FIRST


@pytest.mark.parametrize("decide", [approve, reject])
def test_nothing_is_decided_without_a_reason_a_version_and_a_request(
    strict: Deployment, decide: Callable[..., object]
) -> None:
    with pytest.raises(UnusableRequest, match="--reason is empty"):
        decide(strict, SECOND, " ", by="ben")
    with pytest.raises(UnusableRequest, match="There is no model"):
        decide(strict, "20990101_000000", "hope", by="ben")
    with pytest.raises(Refused, match="does not wait for approval"):
        decide(strict, SECOND, "hope", by="ben")


def test_a_damaged_model_is_not_approved(strict: Deployment) -> None:
    promote(strict, SECOND, "it knows more", by="ann")
    strict.models.folder.write(f"best_model_{SECOND}.pkl", b"something else")
    with pytest.raises(Refused, match=f"best_model_{SECOND}.pkl"):
        approve(strict, SECOND, "yes", by="ben")
    assert champion(strict) == FIRST


def test_a_run_can_not_switch_the_approval_off(strict: Deployment) -> None:
    with pytest.raises(UnusableRequest, match="a run can't set require_approval to false"):
        runs.checked_request(strict, "training", params={"require_approval": False})
    assert runs.checked_request(strict, "training", params={"require_approval": True}).params


@pytest.mark.parametrize("changed", [False, True])
def test_the_model_of_a_run_waits_unless_the_champion_changed_meanwhile(strict: Deployment, changed: bool) -> None:
    made = verdict_of_run(strict, changed=changed)
    assert champion(strict) == (SECOND if changed else FIRST)
    with strict.ledger.reading() as connection:
        one = open_request(connection)
    if changed:
        assert one is None
        return
    assert one is not None
    assert (one.version, one.who, one.champion, one.why) == (
        (made.version, "carl", FIRST, "It passed its promotion test: better.")
    )
    with pytest.raises(Refused, match="carl requested the approval"):
        approve(strict, made.version, "mine", by="carl")
    assert approve(strict, made.version, "checked", by="ben").before == FIRST


def verdict_of_run(deployment: Deployment, *, changed: bool) -> ModelVersion:
    """The model of a run that carl started, which passed its promotion test against FIRST."""
    ledger = deployment.ledger
    run_id = runs.request(deployment, runs.checked_request(deployment, "training", requested_by="carl"))
    with ledger.writing() as connection:
        lease = claim(connection, run_id, "test", ledger.clock())
        assert lease is not None
        known = model_by_alias(connection)
        assert known is not None
        if changed:
            move_alias(connection, AliasEvent(SECOND, "ann", "meanwhile"), ledger.clock())
    verdict = {"promote": False, "waiting": True, "reason": "Waiting for approval: better.", "champion": FIRST}
    made = replace(known, version="20240401_000000", summary={"candidates": {}, "promotion": verdict})
    commit(deployment, lease, [(run_id, TaskResult(model=made))])
    return made


@sqlite_only
def test_the_commands_approve_and_reject(strict: Deployment) -> None:
    def told(*words: str) -> tuple[int, dict[str, object]]:
        place = ["--home", str(strict.settings.home), "--json"]
        ended = command(*words, *place, env={"LOANWATCH_LEDGER": strict.ledger.url, "LOANWATCH_REQUIRE_APPROVAL": "1"})
        return ended.returncode, json.loads(ended.stdout)

    code, asked = told("promote", SECOND, "--reason", "it knows more")
    assert (code, asked["waiting"]) == (0, True)
    assert told("approve", SECOND, "--reason", "mine")[0] == 5
    assert told("reject", SECOND, "--reason", "not now") == (0, {"version": SECOND, "rejected": True})
    with strict.ledger.writing() as connection:
        event = ApprovalEvent(SECOND, REQUESTED, FIRST, "somebody else", "it knows more")
        record_approval(connection, event, strict.ledger.clock())
    code, made = told("approve", SECOND, "--reason", "checked")
    assert (code, made["version"], made["before"], champion(strict)) == (0, SECOND, FIRST, SECOND)


def test_a_replay_tells_what_became_of_a_model_that_waited(strict: Deployment) -> None:
    def told(version: str) -> tuple[object, object, object]:
        with strict.ledger.reading() as connection:
            row = model_row(connection, version)
            assert row is not None
            found = training_document(connection, run_row(connection, row.run_id))
        return found["promoted"], found["outcome"], found["reason"]

    made = verdict_of_run(strict, changed=False)
    assert told(made.version) == (False, "waiting for approval", "Waiting for approval: better.")
    approve(strict, made.version, "checked", by="ben")
    assert told(made.version) == (True, "approved by ben", "Approved by ben. Promotion test: better.")
