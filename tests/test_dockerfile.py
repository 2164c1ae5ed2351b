"""The image, as far as it can be checked without an engine that builds it."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.cluster.environment import RAY_ENVIRONMENT
from tests.processes import PIPES, until

ROOT = Path(__file__).parents[1]
LINES = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
INIT = ("tini", "-s", "--")
ORPHAN = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
child = os.fork()
if child == 0:
    orphan = os.fork()
    if orphan == 0:
        os.read(0, 1)  # lives until the test lets it end
        os._exit(0)
    print(orphan, flush=True)
    os._exit(0)
os.waitpid(child, 0)
print("ready", flush=True)
signal.pause()
"""
COMMANDS = ("up", "worker", "scheduler", "health", "run", "doctor")


def instructions(name: str) -> list[str]:
    return [line.removeprefix(name).strip() for line in LINES if line.startswith(f"{name} ")]


@pytest.mark.parametrize("copied", [word for line in instructions("COPY") for word in shlex.split(line)[:-1]])
def test_everything_that_is_copied_is_there_and_in_the_context(copied: str) -> None:
    assert (ROOT / copied).exists()
    assert f"!{copied}" in (ROOT / ".dockerignore").read_text(encoding="utf-8").split()


def test_every_room_is_in_the_image() -> None:
    copied = {word for line in instructions("COPY") for word in shlex.split(line)[:-1]}
    rooms = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert rooms <= copied


def test_the_processes_of_the_image_are_not_roots() -> None:
    (user,) = instructions("USER")
    assert user != "root"
    assert any(f" {user}" in line and "useradd" in line for line in instructions("RUN"))


REPORTS = "RAY_USAGE_STATS_ENABLED"  # to the makers of Ray


def test_a_node_of_rays_in_the_image_computes_as_a_private_ray_does_and_reports_to_nobody() -> None:
    (told,) = instructions("ENV")
    environment = dict(word.split("=", 1) for word in shlex.split(told))
    (folder,) = instructions("WORKDIR")
    assert environment["PYTHONPATH"] == folder
    alike = {name: value for name, value in RAY_ENVIRONMENT.items() if name == REPORTS or not name.startswith("RAY_")}
    others = {name for name in environment if name.startswith(("PYTHON", "PIP_", "LOANWATCH_"))} - set(alike)
    assert {name: value for name, value in environment.items() if name not in others} == alike


def test_the_base_has_the_python_that_the_tools_check_for() -> None:
    (base,) = instructions("FROM")
    assert base == "python:3.11-slim"


def test_the_health_check_and_the_default_are_commands_of_the_engine() -> None:
    entry = json.loads(instructions("ENTRYPOINT")[0])
    check = json.loads(instructions("HEALTHCHECK")[0].partition("CMD ")[2])
    assert entry == [*INIT, "python", "-m", "engine"]
    assert check[:-1] == entry[len(INIT) :]  # the check has no use for an init process
    assert {check[-1], *json.loads(instructions("CMD")[0])} <= set(COMMANDS)


def test_the_init_process_is_installed_reaps_orphans_and_passes_signals_on() -> None:
    assert any("apt-get install" in line and " tini " in line for line in instructions("RUN"))
    init = json.loads(instructions("ENTRYPOINT")[0])[: len(INIT)]
    with subprocess.Popen([*init, sys.executable, "-c", ORPHAN], text=True, **PIPES) as process:
        assert process.stdin
        assert process.stdout
        orphan = int(process.stdout.readline())
        assert process.stdout.readline() == "ready\n"
        assert psutil.Process(orphan).ppid() == process.pid
        process.stdin.write("x")
        process.stdin.flush()
        until(lambda: not psutil.pid_exists(orphan), "end of the orphan, and no zombie of it", seconds=30)
        process.terminate()
        assert process.wait(30) == 7


@pytest.mark.thorough
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_starts(command: str) -> None:
    words = [sys.executable, "-m", "engine", command, "--help"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
