"""Private Rays on this machine: their folders, their processes, and the guard that leaves nothing of them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cluster.guard import Guard
from engine.cluster.private import PrivateRay
from engine.cluster.sessions import dead_sessions, end_session, kill_task, kill_tasks_of, new_session
from engine.process.identity import mark_of
from tests.paths import ROOT
from tests.processes import PIPES, running, until

OWN = mark_of(os.getpid())  # of a run process that no other test run on this machine takes for its own
WAITS = "import sys; sys.stdin.read()"  # for its end, or that of the test
GUARDED = """
import sys
from engine.cluster.private import PrivateRay
private = PrivateRay.begin()
print(private.folder, flush=True)
sys.stdin.read()
"""
# A process of Ray's: it names the folder; its child does not.
PARENT = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import sys; sys.stdin.read()'])"
Started = list[subprocess.Popen[bytes]]


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own, for its processes too."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def started() -> Iterator[Started]:
    """Processes to be ended after the test."""
    processes: Started = []
    yield processes
    for process in processes:
        with process:
            process.kill()


def begin(started: Started, *words: object, title: str = "") -> int:
    """The process id of a Python that was given these words, under another name if `title` says so."""
    command = [title or sys.executable, *map(str, words)]
    started.append(subprocess.Popen(command, executable=sys.executable, stdin=subprocess.PIPE, start_new_session=True))
    return until(lambda: named(started[-1].pid, command[0]), "process")


def named(pid: int, title: str) -> int:
    return pid if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(title.encode()) else 0


def gone(*pids: int) -> None:
    until(lambda: not running(pids), f"end of {pids}")


def test_a_sessions_folder_is_closed_to_others_and_named_for_its_process(place: Path) -> None:
    folder = new_session()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent == place
    assert folder.name.startswith(f"lw-{os.getpid()}-")
    assert dead_sessions() == []


def test_the_end_of_a_session_takes_its_processes_and_what_descends_from_them(started: Started) -> None:
    folder = new_session()
    parent = begin(started, "-c", PARENT, folder)
    other = begin(started, "-c", WAITS)
    (child,) = until(lambda: children(parent), "child")
    end_session(folder)
    gone(parent, child)
    assert running([other]) == [other]
    assert not folder.exists()


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_a_task_is_killed_by_its_whole_title_alone(started: Started) -> None:
    one, other = (begin(started, "-c", WAITS, title=f"ray::fit#{OWN}-{number}") for number in (1, 11))
    assert not kill_task(f"fit#{OWN}-2")
    assert kill_task(f"fit#{OWN}-1")
    gone(one)
    assert running([other]) == [other]


def test_the_tasks_of_one_driver_are_killed_and_no_others(started: Started) -> None:
    mine = [begin(started, "-c", WAITS, title=f"ray::fit#{OWN}-{number}") for number in (1, 2)]
    others = [
        begin(started, "-c", WAITS, title=f"ray::fit#{run_process}-1")
        for run_process in (OWN[:-1], f"1{OWN}", f"{OWN}1", OWN.partition(":")[2], f"other:{os.getpid()}")
    ]
    assert kill_tasks_of(OWN) == 2
    gone(*mine)
    assert running(others) == others


def test_a_guard_puts_things_in_order_when_its_process_is_killed(started: Started) -> None:
    with subprocess.Popen([sys.executable, "-c", GUARDED], cwd=ROOT, text=True, **PIPES) as owner:
        assert owner.stdout is not None
        folder = Path(owner.stdout.readline().strip())
        (guard,) = until(lambda: children(owner.pid), "guard")
        left = begin(started, "-c", WAITS, folder)
        owner.kill()
    until(lambda: not folder.exists(), "removal of the folder", 5.0)
    gone(left, guard)


def test_a_guard_outlives_what_ends_others_and_its_folder_stays_until_then() -> None:
    folder = new_session()
    guard = Guard(folder)
    until(lambda: "SigIgn" in ignored(guard._process.pid), "guard")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(guard._process.pid, number)
    assert guard.is_running
    assert folder.exists()
    guard.close()
    assert not guard.is_running
    assert not folder.exists()


def ignored(pid: int) -> str:
    """The line about ignored signals, once SIGTERM is one of them."""
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("SigIgn")]
    return line if int(line.split()[1], 16) & (1 << (signal.SIGTERM - 1)) else ""


def test_a_killed_guard_is_replaced_and_the_end_comes_without_it_too() -> None:
    private = PrivateRay.begin()
    assert private.guarded() is private
    private.guard._process.kill()
    private.guard._process.wait()
    again = private.guarded()
    assert again.guard.is_running
    assert again.folder == private.folder
    again.guard._process.kill()
    again.guard._process.wait()
    again.end()
    assert not private.folder.exists()


def test_a_token_is_long_fresh_and_for_this_user_alone() -> None:
    one, other = PrivateRay.begin(), PrivateRay.begin()
    tokens = [Path(private.token) for private in (one, other)]
    assert [token.stat().st_mode & 0o777 for token in tokens] == [0o600, 0o600]
    assert len({token.read_text() for token in tokens}) == 2
    assert len(tokens[0].read_text()) == 64
    one.end()
    other.end()
