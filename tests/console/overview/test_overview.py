"""The Overview page: what needs a person, what is alive, and the model's health."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from console.overview.model_health import auc_note
from engine.control import runs
from engine.passwords import write_entry
from engine.process.registry import ProcessRegistry
from storage.ledger.runs import recent_runs
from tests.console.access.sessions import WORD, entry, signed_in
from tests.console.pages import Opened, words
from tests.sandbox import AS_OF, Sandbox


def test_an_empty_home_says_what_to_do(opened: Opened, empty_sandbox: Sandbox) -> None:
    said = words(opened(empty_sandbox.home))
    assert "No model yet" in said
    assert "python -m engine up" in said
    assert said.count("No run yet") == 3


def test_the_verdict_stands_with_interval_noise_level_and_loans(opened: Opened, monitored_sandbox: Sandbox) -> None:
    said = words(opened(monitored_sandbox.home))
    row = monitored_sandbox.table("gold.model_monitoring").to_pylist()[-1]
    assert f"{row['auc']:.3f}" in said
    loans = f"{row['defaults']} defaults of {row['auc_from']} to {row['auc_to']}"
    assert f"95% interval {row['auc_low']:.3f} to {row['auc_high']:.3f}, {loans}" in said
    assert f"noise level (99%) {row['psi_chance_level']:.3f}, {row['window_rows']:,} loans" in said
    assert monitored_sandbox.champions()[0].version in said


def test_an_auc_of_too_few_defaults_is_told_not_to_be_judged(monitored_sandbox: Sandbox) -> None:
    row = monitored_sandbox.table("gold.model_monitoring").to_pylist()[-1]
    few = auc_note({**row, "auc_status": "insufficient", "defaults": 12, "labelled_pooled": row["labelled"]})
    assert few == "not judged, 12 defaults"


def test_a_failed_run_needs_a_person_until_a_later_one_went_well(opened: Opened, sandbox: Sandbox) -> None:
    ended = sandbox.run("training", AS_OF + timedelta(days=1), data=str(sandbox.home / "nowhere"))
    assert ended.state == "failed"
    app = opened(sandbox.home)
    assert "training failed" in words(app)
    assert str(sandbox.home / "nowhere") in words(app)
    sandbox.succeed("training", data=sandbox.data())
    assert "training failed" not in words(opened(sandbox.home))


def test_a_failed_run_is_resumed_where_it_is_told(opened: Opened, sandbox: Sandbox) -> None:
    nowhere = str(sandbox.home / "nowhere")
    failed = sandbox.run("training", AS_OF + timedelta(days=1), data=nowhere).run_id
    app = opened(sandbox.home)
    assert [button.key for button in app.button if button.label == "Resume"] == [f"resume-{failed}"]
    app.button(key=f"resume-{failed}").click().run()
    assert "A new run executes the remaining tasks. 0 of 12 tasks are done." in words(app)
    app.text_input(key=f"resume-{failed}-data").set_value(sandbox.data())
    app.button(key=f"resume-{failed}-confirm").click().run()
    with sandbox.deployment.ledger.reading() as connection:
        child = recent_runs(connection, 1)[0]
    assert (child.parent_run_id, child.state, child.params["data"]) == (failed, "queued", sandbox.data())


def test_a_viewer_cannot_resume_a_failed_run(opened: Opened, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox.run("training", AS_OF + timedelta(days=1), data=str(sandbox.home / "nowhere"))
    path = sandbox.home / "passwords"
    monkeypatch.setenv("LOANWATCH_PASSWORDS", str(path))
    write_entry(path, entry("victor", "viewer", WORD))
    app = signed_in(opened(sandbox.home), "victor")
    assert [button.disabled for button in app.button if button.label == "Resume"] == [True]


def test_what_is_wrong_is_acknowledged_where_it_is_told(opened: Opened, sandbox: Sandbox) -> None:
    sandbox.run("training", AS_OF + timedelta(days=1), data=str(sandbox.home / "nowhere"))
    app = opened(sandbox.home)
    assert "Action needed: training failed" in words(app)
    app.button(key="acknowledge-run-failed/training").click().run()
    app.text_area(key="acknowledge-run-failed/training-note").input("the folder comes at noon")
    next(button for button in app.button if button.proto.is_form_submitter).click().run()
    said = words(app)
    assert "Action needed" not in said
    assert "the folder comes at noon" in said
    assert "acknowledge-run-failed/training" not in {button.key for button in app.button}


def test_the_scores_in_use_are_told_with_model_time_and_newest_loan(opened: Opened, monitored_sandbox: Sandbox) -> None:
    said = words(opened(monitored_sandbox.home))
    scores = monitored_sandbox.table("gold.model_predictions")
    assert "Scores in use" in said
    assert f"{scores.num_rows:,} of model" in said
    assert scores["model_version"][0].as_py() in said
    months = {name.rpartition("_")[0][-7:] for name in scores["loan_id"].to_pylist()}  # CUS_..._2025_09_01
    assert f"newest loan of {date.fromisoformat(max(months).replace('_', '-') + '-01'):%b %Y}" in said


def test_a_waiting_run_without_a_worker_is_said_on_every_page(opened: Opened, sandbox: Sandbox) -> None:
    runs.request(sandbox.deployment, runs.checked_request(sandbox.deployment, "inference", AS_OF, force=True))
    for page in ("overview", "schedule"):
        assert "The worker is not running" in words(opened(sandbox.home, page))
    worker = ProcessRegistry(sandbox.deployment, "worker")
    worker.register({"ray": "up", "runs": []})
    assert "The worker is not running" not in words(opened(sandbox.home))


def test_a_paused_schedule_and_a_missing_scheduler_are_told(opened: Opened, sandbox: Sandbox) -> None:
    ProcessRegistry(sandbox.deployment, "worker").register({"ray": "up", "runs": []})
    runs.pause_schedule(sandbox.deployment, "inference", "the extracts are being moved", by="analyst")
    said = words(opened(sandbox.home))
    assert "The schedule of inference is paused" in said
    assert "the extracts are being moved" in said
    assert "The scheduler is not running" in said


@pytest.mark.thorough
def test_numbers_of_the_champion_before_are_told_to_be_its_own(
    opened: Opened, monitored_sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "home")
    before = sandbox.champions()[0].version
    assert f"model {before}, champion then" not in words(opened(sandbox.home))
    sandbox.succeed("training", data=sandbox.data(), feature_set="behavioural")
    assert sandbox.champions()[0].version != before
    assert f"model {before}, champion then" in words(opened(sandbox.home))
