"""Names of processes tell whether the process is still there, and never guess about one of another machine."""

import signal
import subprocess
import sys

import pytest

from engine.process.identity import host, is_gone, this_process
from tests.paths import ROOT
from tests.processes import PIPES, running, until

TELLS = (
    "import sys; from engine.process.identity import this_process; print(this_process(), flush=True); sys.stdin.read()"
)


def test_this_process_is_there_and_its_name_does_not_change() -> None:
    assert not is_gone(this_process())
    assert this_process() == this_process()
    assert len(this_process().split(":")) == 4
    assert ":" not in host()


def test_a_killed_process_is_gone_before_and_after_it_is_reaped() -> None:
    with subprocess.Popen([sys.executable, "-c", TELLS], cwd=ROOT, text=True, **PIPES) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert not is_gone(name)
        process.send_signal(signal.SIGSTOP)
        assert not is_gone(name)  # stopped is not ended: it may go on
        process.kill()
        until(lambda: not running([process.pid]), "end of the process")
        assert is_gone(name)
    assert is_gone(name)


def test_another_process_under_a_used_number_is_not_taken_for_the_first() -> None:
    before = this_process().rpartition(":")[0]
    assert is_gone(f"{before}:1")


@pytest.mark.parametrize("name", ["", "somebody", "a:b:c", "a:b:c:d:e", "elsewhere:0badcafe:1:1", "here:unknown:1:1"])
def test_whoever_can_not_be_seen_from_here_is_not_called_gone(name: str) -> None:
    assert not is_gone(name)


def test_a_name_of_this_machine_without_a_number_is_not_called_gone() -> None:
    machine = this_process().split(":")[1]
    assert not is_gone(f"here:{machine}:x:1")
