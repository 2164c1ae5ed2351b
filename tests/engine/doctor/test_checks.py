"""Every finding says what is wrong and what to do."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from engine.alerts.delivery import deliver_next
from engine.alerts.evaluation import evaluate
from engine.control import runs
from engine.definitions.task import Task
from engine.deployment import Deployment
from engine.doctor.checks import Finding, findings
from engine.doctor.fixes import fix
from storage.db.ledger import utc_now
from storage.ledger.leases import claim
from storage.settings import load_settings
from tests.engine.alerts.happenings import ended_run
from tests.engine.runner import TASKS, PipelineRunner


def found(deployment: Deployment, check: str) -> list[Finding]:
    return [finding for finding in findings(deployment) if finding.check == check]


def test_a_fresh_home_has_warnings_and_no_problems(deployment: Deployment) -> None:
    levels = {finding.check: finding.level for finding in findings(deployment)}
    assert "problem" not in levels.values()
    assert levels["extracts"] == levels["models"] == "warning"
    processes = ["lock", "clock", "processes", "runs", "ray", "leftovers"]
    assert list(levels) == [
        "home",
        "disk",
        "ledger",
        *processes,
        "alerts",
        "stores",
        "book",
        "extracts",
        "tables",
        "links",
        "models",
    ]


def test_a_waiting_and_a_silent_run_are_named(tmp_path: Path) -> None:
    now = [utc_now()]
    deployment = Deployment.open(load_settings(home=tmp_path), lambda: now[0])
    silent = runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        claim(connection, silent, "somebody", now[0])
    waiting = runs.request(deployment, runs.checked_request(deployment, "inference"))
    now[0] += timedelta(minutes=1)
    messages = [finding.message for finding in found(deployment, "runs")]
    assert found(deployment, "runs") == found(deployment, "runs")  # nothing was written
    assert messages == [
        f"Run {silent} is running but sends no heartbeat; mark it as crashed with `doctor --fix`, then `resume` it.",
        (
            f"Run {waiting} is waiting for a worker; "
            "start one with `python -m engine worker`, or execute it with `run inference`."
        ),
    ]
    (fixed,) = fix(deployment)
    assert (fixed.check, fixed.level) == ("runs", "ok")
    assert f"run {silent} is marked as crashed" in fixed.message
    assert [finding.message for finding in found(deployment, "runs")] == messages[1:]
    assert fix(deployment) == []
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
    assert "set this machine's clock" in finding.message
    deployment.ledger.close()


def test_a_link_that_was_moved_is_reported_and_fixed_only_on_request(runner_of: Callable[..., PipelineRunner]) -> None:
    book = runner_of(Task("gold", f"{TASKS}:writes_undeclared", writes=("gold.model_predictions",)))
    book.run()
    link = Path(book.deployment.roots.datamart) / "gold" / "model_predictions.parquet"
    link.unlink()
    (finding,) = found(book.deployment, "links")
    assert (finding.level, "gold.model_predictions" in finding.message) == ("warning", True)
    assert "`doctor --fix` updates them" in finding.message
    assert not link.is_symlink()
    (fixed,) = fix(book.deployment)
    assert (fixed.check, "gold.model_predictions" in fixed.message) == ("links", True)
    assert link.exists()
    (finding,) = found(book.deployment, "links")
    assert finding.level == "ok"


def test_looking_at_an_old_ledger_does_not_upgrade_it(tmp_path: Path) -> None:
    Deployment.open(load_settings(home=tmp_path)).ledger.close()
    deployment = Deployment.as_it_is(load_settings(home=tmp_path))
    with deployment.ledger.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0002'")
    finding = findings(deployment)[-1]
    assert (finding.check, finding.level) == ("ledger", "warning")
    assert "has schema version 0002" in finding.message
    assert "run `python -m engine migrate`, or start the worker" in finding.message
    assert deployment.ledger.version()[0] == "0002"
    deployment.ledger.close()


def test_alerts_that_nobody_is_told_of_or_that_were_not_delivered_are_warnings(deployment: Deployment) -> None:
    def told(opened: Deployment) -> list[tuple[str, str]]:
        return [(each.level, each.message) for each in findings(opened) if each.check == "alerts"]

    ((level, message),) = told(deployment)
    assert (level, "LOANWATCH_ALERT_WEBHOOK" in message) == ("warning", True)
    settings = {"alert_webhook": "http://127.0.0.1:9/s3cr3t", "alert_group_seconds": 0, "alert_attempts": 1}
    by_webhook = deployment.with_settings(deployment.settings.changed(**settings))
    assert told(by_webhook) == [("ok", "told by webhook")]
    ended_run(by_webhook, "failed")
    evaluate(by_webhook)
    assert deliver_next(by_webhook, "webhook")
    ((level, message),) = told(by_webhook)
    assert (level, "s3cr3t" in message, "alerts retry" in message) == ("warning", False, True)
