"""Trials in the console: the dialog says what a run may change, and the page of a trial that nothing of it counts."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from engine.documents.running.grid import grid_document
from engine.documents.runs import runs_document
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.runs import recent_runs
from tests.console.pages import Opened, words
from tests.engine.alerts.happenings import ended_run
from tests.sandbox import AS_OF, Sandbox

TRIAL = {"trial": {"folder": ["/ours", "/other"]}}


def test_a_trial_is_marked_in_list_grid_and_bars_and_is_no_repeated_failure(
    opened: Opened, empty_sandbox: Sandbox
) -> None:
    deployment = empty_sandbox.deployment
    first = ended_run(deployment, "failed", days_ago=4)
    trials = [ended_run(deployment, "failed", days_ago=days, cause_detail=TRIAL) for days in (3, 2)]
    newest = ended_run(deployment, "failed", days_ago=1)
    said = words(opened(empty_sandbox.home, "runs"))
    assert said.count("trial, not published") == 2
    assert said.count("<strong>2 times</strong>") == 1
    assert said.count('<i class="lw-hollow"') == 4
    for trial in trials:
        assert said.count(f'title="{trial}: trial, failed, as of') == 2
    assert said.count('<br><span class="lw-note">trial</span></th>') == 2
    assert "0 of 2 succeeded" in said
    with deployment.ledger.reading() as connection:
        listed = [(one["run_id"], one["times"]) for one in runs_document(connection, 9, None, None, fold=True)]
    assert listed == [(newest, 2), *((trial, 1) for trial in trials[::-1])]
    assert first not in dict(listed)
    ended_run(deployment, "succeeded", days_ago=0, cause_detail=TRIAL)
    with deployment.ledger.reading() as connection:
        assert grid_document(connection, "training")["usual_s"] is None, "a trial says nothing of the usual duration"


def dialog(opened: Opened, sandbox: Sandbox, pipeline: str) -> AppTest:
    return opened(sandbox.home, "runs").button(key=f"trigger-{pipeline}").click().run()


@pytest.mark.thorough
def test_a_dialog_with_another_threshold_makes_a_what_if_that_its_page_and_the_audit_log_tell(
    opened: Opened, monitored_home: Path, tmp_path: Path
) -> None:
    sandbox = Sandbox.copied(monitored_home, tmp_path / "home")
    before = sandbox.versions()
    app = dialog(opened, sandbox, "monitoring")
    assert "What this run may change" in words(app)
    assert "may request a training" in words(app)
    app.date_input(key="trigger-monitoring-as-of").set_value(AS_OF).run()
    app.number_input(key="trigger-monitoring-auc_threshold").set_value(0.99).run()
    assert "Nothing of this run is published" in words(app)
    assert "auc_threshold 0.99 instead of 0.7" in words(app)
    app.button(key="trigger-monitoring-confirm").click().run()
    with sandbox.deployment.ledger.reading() as connection:
        run_id = recent_runs(connection, 1)[0].run_id
        (act,) = action_page(connection, ActionFilter(subject=run_id), 5)
    assert act.changes == {"auc_threshold": [0.7, 0.99]}
    assert sandbox.execute(run_id).state == "succeeded"
    assert sandbox.versions() == before
    assert len(sandbox.decisions()) == 1
    assert sandbox.governance_requests() == []
    said = words(opened(sandbox.home, "run", run_id=run_id))
    assert "What-if: nothing of this run is published" in said
    assert run_id not in words(opened(sandbox.home, "data", view="Row accounting"))
    assert "With these thresholds: breach" in said
    assert "A training would be requested." in said
    assert "auc_threshold 0.7 → 0.99" in words(opened(sandbox.home, "audit"))


@pytest.mark.thorough
def test_a_dialog_refuses_a_folder_that_does_not_exist_and_adopts_one_by_a_tick(
    opened: Opened, sandbox: Sandbox, tmp_path: Path
) -> None:
    app = dialog(opened, sandbox, "training")
    assert "becomes champion if it passes" in words(app)
    app.checkbox(key="trigger-training-register").check().run()
    assert "The champion stays." in words(app)
    app.text_input(key="trigger-training-data").input(str(tmp_path / "nowhere")).run()
    assert "nowhere does not exist" in words(app)
    app.button(key="trigger-training-confirm").click().run()
    other = tmp_path / "other"
    other.mkdir()
    with sandbox.deployment.ledger.reading() as connection:
        before = recent_runs(connection, 10)
    assert not [row for row in before if row.cause == "manual" and "nowhere" in str(row.params)]
    app.text_input(key="trigger-training-data").input(str(other)).run()
    assert f"The deployment reads <code>{sandbox.data()}</code>" in words(app)
    assert f"Trial on {other}" in words(app)
    app.checkbox(key="trigger-training-adopt").check().run()
    assert f"later runs read {other} instead of {sandbox.data()}" in words(app)
    app.button(key="trigger-training-confirm").click().run()
    with sandbox.deployment.ledger.reading() as connection:
        newest = recent_runs(connection, 1)[0]
    assert newest.cause_detail == {"adopts": [sandbox.data(), str(other)]}
    assert newest.params == {"data": str(other), "promote": False}
