"""A worker that would make something else of a run than this process would is named, with what differs."""

from pathlib import Path

import pytest

from engine.deployment import Deployment
from engine.doctor.checks import findings
from engine.process.registry import ProcessRegistry
from engine.process.run_settings import other_settings, run_settings
from tests.commands import command

ADVICE = "Set the same in both, and restart the worker if its own are wrong."


def started_with(deployment: Deployment, **settings: object) -> ProcessRegistry:
    """A worker of the deployment with these settings, as the registry has it."""
    registry = ProcessRegistry(deployment, "worker")
    theirs = deployment.with_settings(deployment.settings.changed(**settings))
    registry.register({"ray": "up", "settings": run_settings(theirs)})
    return registry


def test_what_differs_is_told_with_both_values_while_the_worker_runs(deployment: Deployment) -> None:
    worker = started_with(deployment, auc_threshold=0.75, data="s3://key:secret@bucket/extracts?region=eu")
    (told,) = other_settings(deployment)
    pid, host = worker.process.pid, worker.process.host
    assert told == (
        f"The worker with process id {pid} on {host} executes runs with other settings than this process has: "
        f"LOANWATCH_AUC_THRESHOLD is 0.75 there and 0.7 here, LOANWATCH_DATA is s3://bucket/extracts there and not set "
        f"here. {ADVICE}"
    )
    assert [(each.level, each.message) for each in findings(deployment) if each.message == told] == [("warning", told)]
    worker.deregister()
    assert other_settings(deployment) == []


def test_settings_of_a_machine_or_of_another_release_are_no_difference(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    here = deployment.with_settings(deployment.settings.changed(data="extracts"))
    assert other_settings(here) == []  # there is no worker
    started_with(deployment, data=str(tmp_path / "extracts"), ray_cpus=3, heartbeat=0.5, console_port=1)
    assert other_settings(here) == []
    registry = ProcessRegistry(deployment, "worker")
    registry.register({"ray": "up", "settings": {"auc_threshold": "0.7", "gone": "1"}})
    assert other_settings(deployment) == []
    registry.register({"ray": "up"})  # of a release that did not tell
    assert other_settings(deployment) == []


def test_a_request_says_it(deployment: Deployment) -> None:
    started_with(deployment)
    words = ("run", "monitoring", "--detach", "--json", "--home", str(deployment.settings.home))
    done = command(*words, env={"LOANWATCH_PSI_THRESHOLD": "0.3", "LOANWATCH_LEDGER": deployment.settings.ledger})
    assert done.returncode == 0, done.stderr
    assert f"LOANWATCH_PSI_THRESHOLD is 0.2 there and 0.3 here. {ADVICE}" in done.stderr
    assert "LOANWATCH" not in done.stdout
