"""Findings about what runs a deployment: each fault is provoked, named, and comes with what to do about it."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.deployment import Deployment
from engine.doctor.checks import findings
from engine.doctor.fixes import fix
from engine.process.identity import this_process
from storage.db.ledger import utc_now
from storage.ledger.processes import Process, register
from storage.settings import load_settings
from tests.databases import postgresql_only, sqlite_only
from tests.paths import ROOT
from tests.processes import DEADLINE, PIPES, until

pytestmark = pytest.mark.alone

HOLDS = """
import sys
from storage.db.ledger import Ledger
with Ledger(sys.argv[1]).writing() as connection:
    print("holds", flush=True)
    sys.stdin.read()
"""
NAME, MACHINE, *_ = this_process().split(":")
GONE = f"{NAME}:{MACHINE}:{os.getpid()}:1"  # a process id of this machine that another process has by now


def found(deployment: Deployment, check: str) -> list[tuple[str, str]]:
    """Levels and messages of one check."""
    return [(each.level, each.message) for each in findings(deployment) if each.check == check]


def entered(deployment: Deployment, name: str, kind: str = "worker", **detail: Any) -> None:
    with deployment.ledger.writing() as connection:
        register(connection, Process(name, kind, "host", 4711), detail, deployment.ledger.clock())


@contextmanager
def held(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that is stopped in the middle of a write."""
    words = [sys.executable, "-c", HOLDS, url]
    with subprocess.Popen(words, cwd=ROOT, text=True, **PIPES) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "holds\n"
            process.send_signal(signal.SIGSTOP)
            yield process
        finally:
            process.kill()


@pytest.mark.thorough
@sqlite_only
def test_a_writer_that_does_not_let_go_is_named_with_what_to_do(deployment: Deployment, ledger_url: str) -> None:
    assert found(deployment, "lock") == [("ok", "the ledger accepts writes")]
    with held(ledger_url) as process:
        everything = findings(deployment)
        (level, message) = everything[-1].level, everything[-1].message
        assert (everything[-1].check, level) == ("lock", "problem")  # nothing after it: it would wait
        assert f"it is open in process {process.pid}" in message
        assert "kill -CONT" in message
    assert found(deployment, "lock") == [("ok", "the ledger accepts writes")]


def test_processes_that_are_lost_are_problems_until_others_take_their_place(deployment: Deployment) -> None:
    (told,) = found(deployment, "processes")
    assert told == ("ok", "no worker or scheduler is running; start them with `python -m engine up`")
    entered(deployment, GONE)
    (problem, _) = found(deployment, "processes")
    assert problem[0] == "problem"
    assert "The worker with process id 4711 on host is gone, its last heartbeat was at" in problem[1]
    assert "; check its log and restart it with `python -m engine worker`" in problem[1]
    entered(deployment, "elsewhere:0badcafe:1:1", ray="up")
    assert found(deployment, "processes") == [("ok", "running: worker 4711 on host")]


def test_a_worker_whose_ray_is_down_is_told(deployment: Deployment) -> None:
    entered(deployment, "elsewhere:0badcafe:1:1", ray="down")
    (warning, _) = found(deployment, "processes")
    assert warning[0] == "warning"
    assert warning[1].endswith("is running, but its Ray is down; the worker restarts it.")


def test_a_worker_whose_cluster_is_down_is_told_with_the_address(deployment: Deployment) -> None:
    entered(deployment, "elsewhere:0badcafe:1:1", ray="down", ray_address="head:6379")
    (warning, _) = found(deployment, "processes")
    assert warning[0] == "warning"
    assert warning[1].endswith("is running, but the Ray at head:6379 is down; start it there.")


@pytest.mark.parametrize(
    ("settings", "level", "told"),
    [
        ({"ray_address": "127.0.0.1:1"}, "problem", "No Ray answers at 127.0.0.1:1"),
        ({"ray_address": "10.0.0.9:6379"}, "problem", "can't share a SQLite ledger"),
        ({"ray_memory": 10**15}, "warning", "LOANWATCH_RAY_MEMORY"),
        ({}, "ok", "CPUs"),
    ],
)
def test_rays_that_can_not_be_used_are_told(tmp_path: Path, settings: dict[str, Any], level: str, told: str) -> None:
    deployment = Deployment.open(load_settings(home=tmp_path, **settings))
    ((seen, message),) = found(deployment, "ray")
    assert seen == level
    assert told in message
    deployment.ledger.close()


@postgresql_only
def test_a_clock_that_is_off_against_the_server_is_a_problem(tmp_path: Path, ledger_url: str) -> None:
    for seconds, level in ((60, "problem"), (-60, "problem"), (0, "ok")):
        settings = load_settings(home=tmp_path, ledger=ledger_url)
        off = timedelta(seconds=seconds)
        deployment = Deployment.open(settings, lambda off=off: utc_now() + off)  # type: ignore[misc]
        ((seen, message),) = found(deployment, "clock")
        assert seen == level, message
        assert ("set one of them" in message) == (level == "problem")
        deployment.ledger.close()


def test_what_a_killed_process_left_is_reported_and_fixed_only_on_request(
    deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    folder = tmp_path / f"lw-{gone.pid}-abc"
    folder.mkdir()
    words = [sys.executable, "-c", "import sys; sys.stdin.read()", str(folder)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as left:
        until(lambda: str(folder) in Path(f"/proc/{left.pid}/cmdline").read_text(), "process")
        ((level, message),) = found(deployment, "leftovers")
        assert level == "warning"
        assert str(folder) in message
        assert "`doctor --fix`" in message
        assert (left.poll(), folder.exists()) == (None, True)
        (fixed,) = fix(deployment)
        assert left.wait(DEADLINE) == -signal.SIGKILL
    assert (fixed.check, str(folder) in fixed.message) == ("leftovers", True)
    assert not folder.exists()
    assert found(deployment, "leftovers") == [("ok", "no remains of killed processes")]


def test_findings_about_processes_stand_in_their_order(deployment: Deployment) -> None:
    checks = [finding.check for finding in findings(deployment)]
    assert checks[3:9] == ["lock", "clock", "processes", "runs", "ray", "leftovers"]
