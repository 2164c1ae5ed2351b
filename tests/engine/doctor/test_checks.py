"""Every finding says what is wrong and what to do."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from engine.control import runs
from engine.definitions.task import Task
from engine.deployment import Deployment
from engine.doctor.checks import Finding, findings
from storage.db.ledger import utc_now
from storage.ledger.leases import claim
from storage.settings import load_settings
from tests.engine.runner import TASKS, PipelineRunner


def found(deployment: Deployment, check: str) -> list[Finding]:
    return [finding for finding in findings(deployment) if finding.check == check]


def test_a_fresh_home_has_warnings_and_no_problems(deployment: Deployment) -> None:
    levels = {finding.check: finding.level for finding in findings(deployment)}
    assert "problem" not in levels.values()
    assert levels["extracts"] == levels["models"] == "warning"
    processes = ["lock", "clock", "processes", "runs", "ray", "leftovers"]
    assert list(levels) == ["home", "disk", "ledger", *processes, "extracts", "tables", "links", "models"]


def test_a_waiting_and_a_silent_run_are_named(tmp_path: Path) -> None:
    now = [utc_now()]
    deployment = Deployment.open(load_settings(home=tmp_path), lambda: now[0])
    silent = runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        claim(connection, silent, "somebody", now[0])
    waiting = runs.request(deployment, runs.checked_request(deployment, "inference"))
    now[0] += timedelta(minutes=1)
    messages = [finding.message for finding in found(deployment, "runs")]
    assert messages == [
        f"{silent} had gone silent and is crashed now; `resume {silent}` finishes it.",
        f"{waiting} is waiting for a worker; `python -m engine worker` or `run inference` carries it out.",
    ]
    deployment.ledger.close()


def test_a_clock_behind_the_ledger_is_a_problem(tmp_path: Path) -> None:
    now = [utc_now()]
    deployment = Deployment.open(load_settings(home=tmp_path), lambda: now[0])
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        claim(connection, run_id, "somebody", now[0])
    now[0] -= timedelta(days=1)
    (finding,) = found(deployment, "clock")
    assert finding.level == "problem"
    assert "set this clock" in finding.message
    deployment.ledger.close()


def test_a_link_that_was_moved_is_set_right(runner_of: Callable[..., PipelineRunner]) -> None:
    book = runner_of(Task("gold", f"{TASKS}:writes_undeclared", writes=("gold.model_predictions",)))
    book.run()
    link = Path(book.deployment.roots.datamart) / "gold" / "model_predictions.parquet"
    link.unlink()
    (finding,) = found(book.deployment, "links")
    assert (finding.level, "gold.model_predictions" in finding.message) == ("warning", True)
    assert link.exists()
    (finding,) = found(book.deployment, "links")
    assert finding.level == "ok"
