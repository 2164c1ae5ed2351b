"""Trials: what a person tries with other thresholds or on another folder changes nothing of the deployment."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from engine.control.extract_folder import (
    folder_for,
    folder_for_unattended_training,
    folder_in_use,
    folder_read_last,
)
from engine.control.runs import cancel, resume
from engine.deployment import Deployment
from engine.documents.runs import run_document
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.models import model_made_by
from storage.ledger.published.reports import current_reports
from storage.ledger.runs import run_row, success_for
from tests.commands import command
from tests.engine.alerts.happenings import ended_run
from tests.sandbox import AS_OF, ONE_CANDIDATE, Sandbox


@pytest.fixture
def monitored(monitored_home: Path, tmp_path: Path) -> Sandbox:
    """A deployment of its own that was trained and monitored."""
    return Sandbox.copied(monitored_home, tmp_path / "home")


def asked(sandbox: Sandbox, *words: str) -> str:
    """The id of the run that a person requests on the command line, executed to its end."""
    given = ("--as-of", str(AS_OF), "--detach", "--json", "--home", str(sandbox.home))
    done = command("run", *words, *given)
    assert done.returncode == 0, done.stdout + done.stderr
    run_id = str(json.loads(done.stdout)["run_id"])
    assert sandbox.execute(run_id).state == "succeeded"
    return run_id


def official(sandbox: Sandbox) -> dict[str, Any]:
    """What the deployment tells its readers: tables, pictures, decisions, champion, requests of the gate."""
    with sandbox.deployment.ledger.reading() as connection:
        reports = [(row.name, row.file) for row in current_reports(connection)]
    champions = [model.version for model in sandbox.champions()]
    return {
        "tables": sandbox.versions(),
        "reports": reports,
        "decisions": [tuple(row) for row in sandbox.decisions()],
        "champions": champions,
        "requests": sandbox.governance_requests(),
        "folders": (folder_read_last(sandbox.deployment), folder_for_unattended_training(sandbox.deployment)),
    }


def changes_of(sandbox: Sandbox, run_id: str) -> dict[str, Any]:
    with sandbox.deployment.ledger.reading() as connection:
        (row,) = action_page(connection, ActionFilter(subject=run_id), 10)
    return dict(row.changes)


def document_of(sandbox: Sandbox, run_id: str) -> dict[str, Any]:
    with sandbox.deployment.ledger.reading() as connection:
        return run_document(connection, run_id)


def test_other_thresholds_of_one_run_are_a_what_if_that_publishes_nothing(monitored: Sandbox) -> None:
    sandbox, before = monitored, official(monitored)
    run_id = asked(sandbox, "monitoring", "--param", "auc_threshold=0.99")
    assert official(sandbox) == before
    document = document_of(sandbox, run_id)
    assert (document["outputs"]["decision"]["status"], document["outputs"]["decision"]["retrain"]) == ("breach", True)
    assert "auc_threshold 0.99 instead of 0.7" in " ".join(document["trial"])
    assert changes_of(sandbox, run_id) == {"auc_threshold": [0.7, 0.99]}
    with sandbox.deployment.ledger.reading() as connection:
        assert success_for(connection, "monitoring", AS_OF).run_id != run_id  # type: ignore[union-attr]

    # Once the threshold is the deployment's, the decision is made anew, of its own run, and keeps the threshold.
    decided = sandbox.succeed("monitoring", auc_threshold=0.99)
    newest = sandbox.decisions()[-1]
    assert (newest.run_id, newest.status, newest.action) == (decided, "breach", "requested")
    assert newest.numbers["thresholds"]["auc"] == 0.99
    with sandbox.deployment.ledger.reading() as connection:
        (act,) = action_page(connection, ActionFilter(who="governance gate"), 10)
    assert (act.action, act.subject) == ("request training", newest.requested_run_id)


@pytest.mark.thorough
def test_a_threshold_that_only_the_asking_person_has_set_is_a_what_if_where_it_is_executed(
    monitored: Sandbox,
) -> None:
    sandbox, before = monitored, official(monitored)
    given = ("--param", "psi_threshold=0.05", "--as-of", str(AS_OF), "--detach", "--json", "--home", str(sandbox.home))
    done = command("run", "monitoring", *given, env={"LOANWATCH_PSI_THRESHOLD": "0.05"})
    run_id = json.loads(done.stdout)["run_id"]
    assert sandbox.execute(run_id).state == "succeeded"
    assert document_of(sandbox, run_id)["trial"]
    assert official(sandbox) == before


@pytest.mark.thorough
def test_a_run_on_another_folder_is_its_own_until_the_folder_is_adopted(sandbox: Sandbox, tmp_path: Path) -> None:
    before, first = official(sandbox), sandbox.data()
    other = Path(shutil.copytree(first, tmp_path / "other"))
    last = (other / "features_financials.csv").read_text(encoding="utf-8").splitlines(keepends=True)[-1]
    with (other / "features_financials.csv").open("a", encoding="utf-8") as file:
        file.write(last)
    words = ("training", "--data", str(other), "--param", f"candidates={ONE_CANDIDATE}")
    run_id = asked(sandbox, *words)
    assert official(sandbox) == before
    with sandbox.deployment.ledger.reading() as connection:
        made = model_made_by(connection, run_id)
    assert made is not None
    assert made.promotion["promote"] is False
    (told,) = document_of(sandbox, run_id)["trial"]
    assert str(other) in told
    assert first in told
    assert changes_of(sandbox, run_id)["data"] == [first, str(other)]

    adopted = asked(sandbox, *words, "--adopt")
    after = official(sandbox)
    assert after["folders"] == (str(other), str(other))
    assert folder_for(sandbox.deployment, "training") == str(other)
    assert after["tables"] != before["tables"]
    assert changes_of(sandbox, adopted)["adopted data"] == [first, str(other)]
    assert asked(sandbox, *words)  # now it is the deployment's folder
    assert document_of(sandbox, adopted).get("trial") is None


@pytest.mark.thorough
def test_a_model_is_registered_without_promotion(sandbox: Sandbox) -> None:
    before = official(sandbox)["champions"]
    run_id = asked(
        sandbox, "training", "--param", f"candidates={ONE_CANDIDATE}", "--data", sandbox.data(), "--no-promote"
    )
    with sandbox.deployment.ledger.reading() as connection:
        made = model_made_by(connection, run_id)
        assert run_row(connection, run_id).cause_detail == {}
    assert made is not None
    assert not made.promotion["promote"]
    assert official(sandbox)["champions"] == before


def test_a_resumed_run_is_what_its_folder_makes_it_and_keeps_its_parameters(
    deployment: Deployment, tmp_path: Path
) -> None:
    ended_run(deployment, "succeeded")
    ours, other, third = folder_in_use(deployment, "training"), str(tmp_path / "other"), str(tmp_path / "third")
    for folder in (other, third):
        Path(folder).mkdir()
    params = {"data": other, "promote": False}

    adopting = ended_run(deployment, "failed", params=params, cause_detail={"adopts": [ours, other]})
    assert resumed(deployment, adopting, {"data": third}).cause_detail == {"trial": {"folder": [ours, third]}}

    tried = ended_run(deployment, "failed", params=params, cause_detail={"trial": {"folder": [ours, other]}})
    assert resumed(deployment, tried).cause_detail == {"trial": {"folder": [ours, other]}}
    adopted = resumed(deployment, tried, adopt=True)
    assert (adopted.cause_detail, adopted.params) == ({"adopts": [ours, other]}, params)


def resumed(deployment: Deployment, run_id: str, params: dict[str, Any] | None = None, *, adopt: bool = False) -> Any:
    """The run that resumes another one, cancelled."""
    later = resume(deployment, run_id, params, adopt=adopt)
    cancel(deployment, later)
    with deployment.ledger.reading() as connection:
        return run_row(connection, later)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("training", "--data", "{home}/nowhere"), "nowhere does not exist"),
        (("monitoring", "--data", "{home}"), "reads no extracts"),
        (("training", "--adopt"), "no folder to adopt"),
    ],
)
def test_a_folder_that_can_not_be_read_is_refused_in_a_sentence(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    home = str(tmp_path)
    done = command("run", *(word.format(home=home) for word in words), "--detach", "--home", home)
    assert done.returncode == 2
    assert told in " ".join((done.stdout + done.stderr).split())
    assert command("runs", "--json", "--home", home).stdout.strip() == "[]"
