"""Row 43: a monitoring run that lost its lease, or was killed, leaves the picture that people see as it was."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import engine.execution.runner
from engine.control.runs import checked_request, request
from engine.doctor.checks import findings
from engine.doctor.fixes import fix
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from engine.execution.vacuum import vacuum
from storage.errors import LeaseLost
from storage.ledger.leases import reap
from storage.ledger.runs import run_row
from tests.faults.counts import Count
from tests.paths import ROOT
from tests.processes import DEADLINE
from tests.sandbox import AS_OF, Sandbox

PICTURE = f"monitoring_dashboard_{AS_OF:%Y%m%d}.png"
OTHER = "0.3"  # the threshold of PSI, a line of the picture: the task is computed again
KILLED = """
import os, signal, sys
import engine.execution.runner
from pathlib import Path
from engine.deployment import Deployment
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from storage.settings import load_settings

commit, when = engine.execution.runner.commit, sys.argv[3]

def killed(*given):
    if when == "after":
        commit(*given)
    os.kill(os.getpid(), signal.SIGKILL)

engine.execution.runner.commit = killed
execute_run(Deployment.open(load_settings(home=Path(sys.argv[1]))), sys.argv[2], LocalExecutor())
"""


@pytest.fixture
def monitored(monitored_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """The monitored deployment, whose threshold of PSI was changed since."""
    monkeypatch.setenv("LOANWATCH_PSI_THRESHOLD", OTHER)
    made = Sandbox.copied(monitored_home, tmp_path / "home")
    yield made
    made.close()


def requested(made: Sandbox) -> str:
    return request(made.deployment, checked_request(made.deployment, "monitoring", AS_OF))


def seen(made: Sandbox) -> bytes:
    return (made.home / "reports" / PICTURE).read_bytes()


def linked(made: Sandbox) -> list[str]:
    return [finding.level for finding in findings(made.deployment) if finding.check == "links"]


def test_a_run_that_lost_its_lease_leaves_no_dashboard(
    monitored: Sandbox, monkeypatch: pytest.MonkeyPatch, counted: Count
) -> None:
    before, run_id, commit = seen(monitored), requested(monitored), engine.execution.runner.commit

    def too_late(*given: Any) -> None:
        with monitored.deployment.ledger.writing() as connection:
            later = monitored.deployment.ledger.clock() + timedelta(seconds=1)
            assert reap(connection, timedelta(0), later) == [run_id]
        commit(*given)

    executor = LocalExecutor()
    with monkeypatch.context() as patched:
        patched.setattr(engine.execution.runner, "commit", too_late)
        with pytest.raises(LeaseLost):
            execute_run(monitored.deployment, run_id, executor)
    executor.close()
    assert monitored.states(run_id)["visualize_monitoring_dashboard"] == "succeeded"
    assert seen(monitored) == before
    assert linked(monitored) == ["ok"]
    counted("row 43: 1 monitoring run that lost its lease before its commit, the picture unchanged")
    monitored.succeed("monitoring")
    assert seen(monitored) != before


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("when", "repaired"), [("before", "by the next run"), ("after", "by the next run"), ("after", "by doctor --fix")]
)
def test_a_run_that_is_killed_at_its_commit_is_in_the_picture_when_it_published(
    monitored: Sandbox, when: str, repaired: str, counted: Count
) -> None:
    before, run_id = seen(monitored), requested(monitored)
    words = [sys.executable, "-c", KILLED, str(monitored.home), run_id, when]
    assert subprocess.run(words, cwd=ROOT, timeout=DEADLINE, check=False).returncode == -signal.SIGKILL
    assert seen(monitored) == before
    with monitored.deployment.ledger.reading() as connection:
        published = run_row(connection, run_id).state == "succeeded"
    assert published == (when == "after")
    assert linked(monitored) == (["warning"] if published else ["ok"])
    if repaired == "by the next run":
        vacuum(monitored.deployment)
    else:
        fix(monitored.deployment)
    assert (seen(monitored) != before) == published
    assert linked(monitored) == ["ok"]
    counted(f"row 43: a monitoring run killed {when} its commit, its picture seen: {published}")
