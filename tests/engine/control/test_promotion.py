"""Champions by hand: a known version, its files as they were registered, the event and its note in one transaction."""

import json
import subprocess

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from engine.control import runs
from engine.control.promotion import promote, rollback
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.models import alias_rows, model_by_alias
from tests.commands import command
from tests.databases import sqlite_only
from tests.engine.control.conftest import Registered

FIRST, SECOND, THIRD = "20240101_000000", "20240201_000000", "20240301_000000"
BY_HAND = ("promote", "rollback")


def champion(deployment: Deployment) -> str | None:
    with deployment.ledger.reading() as connection:
        found = model_by_alias(connection)
    return found and found.version


def noted(deployment: Deployment) -> list[tuple[str, str, str, str]]:
    """What the audit log tells of champions, oldest first."""
    with deployment.ledger.reading() as connection:
        rows = action_page(connection, ActionFilter(), 100)
    return [(row.who, row.action, row.subject, row.reason) for row in reversed(rows) if row.action in BY_HAND]


def test_champions_by_hand_are_kept_with_who_and_why_in_both_books(
    deployment: Deployment, registered: Registered
) -> None:
    for version in (FIRST, SECOND):
        registered(version)
    assert promote(deployment, FIRST, "it is the only one", by="ann").before is None
    assert promote(deployment, SECOND, " it knows more ", by="ben").before == FIRST
    back = rollback(deployment, "it scored nonsense", by="cem")
    assert (back.version, back.before, champion(deployment)) == (FIRST, SECOND, FIRST)
    told = [
        ("ann", "promote", FIRST, "it is the only one"),
        ("ben", "promote", SECOND, "it knows more"),
        ("cem", "rollback", FIRST, "it scored nonsense"),
    ]
    assert noted(deployment) == told
    with deployment.ledger.reading() as connection:
        events = [(row.who, row.version, row.why) for row in reversed(alias_rows(connection))]
    assert events == [(who, version, why) for who, _, version, why in told]


def test_a_rollback_goes_to_the_newest_other_version_of_the_history(
    deployment: Deployment, registered: Registered
) -> None:
    for version in (FIRST, SECOND, THIRD):
        registered(version)
        promote(deployment, version, "newer")
    assert rollback(deployment, "worse").version == SECOND
    assert rollback(deployment, "it was not that").version == THIRD


def test_there_is_nothing_to_roll_back_to_before_a_second_champion(
    deployment: Deployment, registered: Registered
) -> None:
    with pytest.raises(Refused, match="there is no champion yet") as refused:
        rollback(deployment, "it scored nonsense")
    assert refused.value.exit_code == 5
    registered(FIRST)
    promote(deployment, FIRST, "first")
    with pytest.raises(Refused, match=f"{FIRST} is the only champion so far"):
        rollback(deployment, "it scored nonsense")


def test_the_champion_can_not_be_promoted_again(deployment: Deployment, registered: Registered) -> None:
    registered(FIRST)
    promote(deployment, FIRST, "first")
    with pytest.raises(Refused, match=f"{FIRST} is champion already") as refused:
        promote(deployment, FIRST, "again")
    assert refused.value.exit_code == 5
    assert len(noted(deployment)) == 1


@pytest.mark.parametrize("version", ["20990101_000000", "../../etc/passwd", "' OR 1=1 --", ""])
def test_a_version_that_the_ledger_does_not_know_is_refused(
    deployment: Deployment, registered: Registered, version: str
) -> None:
    registered(FIRST)
    with pytest.raises(UnusableRequest, match="`python -m engine models` lists") as refused:
        promote(deployment, version, "hope")
    assert refused.value.exit_code == 2
    assert champion(deployment) is None


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_empty_reason_is_a_usage_error(deployment: Deployment, registered: Registered, reason: str) -> None:
    registered(FIRST)
    for ask in (lambda: promote(deployment, FIRST, reason), lambda: rollback(deployment, reason)):
        with pytest.raises(UnusableRequest, match="--reason is empty") as refused:
            ask()
        assert refused.value.exit_code == 2
    assert (champion(deployment), noted(deployment)) == (None, [])


@pytest.mark.parametrize("role", ["model", "metadata"])
@pytest.mark.parametrize("damage", ["changed", "missing"])
def test_a_model_whose_files_are_not_those_that_were_registered_is_refused_by_name(
    deployment: Deployment, registered: Registered, role: str, damage: str
) -> None:
    registered(FIRST)
    promote(deployment, FIRST, "first")
    facts = registered(SECOND).files[role]
    deployment.models.folder.delete(facts.name)
    if damage == "changed":
        deployment.models.folder.write(facts.name, b"something else")
    with pytest.raises(Refused, match=facts.name) as refused:
        promote(deployment, SECOND, "newer")
    assert refused.value.exit_code == 5
    assert (champion(deployment), len(noted(deployment))) == (FIRST, 1)


def test_an_event_without_its_note_is_not_made(deployment: Deployment, registered: Registered) -> None:
    for version in (FIRST, SECOND):
        registered(version)
    promote(deployment, FIRST, "first")
    with deployment.ledger.writing() as connection:
        connection.execute(text("CREATE UNIQUE INDEX one_note ON actions (action) WHERE action = 'promote'"))
    with pytest.raises(IntegrityError):
        promote(deployment, SECOND, "newer")
    assert champion(deployment) == FIRST
    with deployment.ledger.reading() as connection:
        assert len(alias_rows(connection)) == 1


def engine(deployment: Deployment, *words: str) -> subprocess.CompletedProcess[str]:
    place = ["--home", str(deployment.settings.home), "--json"]
    return command(*words, *place, env={"LOANWATCH_LEDGER": deployment.ledger.url})


@sqlite_only
def test_the_commands_choose_and_refuse(deployment: Deployment, registered: Registered) -> None:
    registered(FIRST)
    promote(deployment, FIRST, "first")
    nothing = engine(deployment, "rollback", "--reason", "it scored nonsense")
    assert (nothing.returncode, json.loads(nothing.stdout)["exit_code"]) == (5, 5)
    registered(SECOND)
    chosen = engine(deployment, "promote", SECOND, "--reason", "the committee of May")
    expected = {"version": SECOND, "before": FIRST, "who": runs.who(), "why": "the committee of May", "waiting": False}
    assert (chosen.returncode, json.loads(chosen.stdout)) == (0, expected)
    back = engine(deployment, "rollback", "--reason", "it was the wrong one")
    assert (back.returncode, json.loads(back.stdout)["version"], champion(deployment)) == (0, FIRST, FIRST)
