"""Processes kept running together: started again with growing pauses, stopped together, their lines passed on."""

import re
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.process.supervisor import Child, keep_running
from tests.processes import running, until

STAYS = "import sys; print('here', flush=True); sys.stdin.read()"
DIES = "print('short', flush=True); raise SystemExit(3)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
Heard = list[tuple[str, str]]


def child(name: str, code: str, heard: Heard, pause: float = 0.1, longest: float = 60.0) -> Child:
    return Child(name, ["-c", code], lambda who, line: heard.append((who, line)), longest, _pause=pause)


@contextmanager
def kept(*children: Child, grace: float = 10.0) -> Iterator[None]:
    """The children, kept running until the block ends."""
    stop = threading.Event()
    keeper = threading.Thread(target=keep_running, args=(children, stop, grace))
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def pid_of(child: Child) -> int:
    return child.process.pid if child.process is not None and child.process.poll() is None else 0


def test_a_killed_process_is_started_again_and_the_other_is_left_alone() -> None:
    heard: Heard = []
    one, other = child("one", STAYS, heard), child("other", STAYS, heard)
    with kept(one, other):
        until(lambda: heard.count(("one", "here")) == 1 and pid_of(other), "both")
        first, spared = pid_of(one), pid_of(other)
        assert one.process is not None
        one.process.send_signal(signal.SIGKILL)
        until(lambda: pid_of(one) not in (0, first), "new process")
        assert pid_of(other) == spared
        family = [pid_of(one), pid_of(other)]
    assert running(family) == []
    assert any(re.match("ended with code -9; restarting", line) for who, line in heard if who == "one")


@pytest.mark.thorough
def test_pauses_double_up_to_the_longest() -> None:
    heard: Heard = []
    dying = child("dying", DIES, heard, pause=0.1, longest=0.3)
    pauses = []
    with kept(dying):
        for number in range(1, 5):
            until(lambda number=number: heard.count(("dying", "short")) >= number, "start")  # type: ignore[misc]
            pauses.append(round(dying._pause, 1))
    assert pauses[0] in (0.1, 0.2)
    assert pauses[-1] == 0.3
    assert pauses == sorted(pauses)


def test_one_that_does_not_hear_is_killed_when_its_grace_is_over() -> None:
    heard: Heard = []
    deaf, good = child("deaf", DEAF, heard), child("good", STAYS, heard)
    with kept(deaf, good, grace=0.5):
        until(lambda: ("deaf", "deaf") in heard and ("good", "here") in heard, "both")
        family = [pid_of(deaf), pid_of(good)]
    assert running(family) == []
    assert ("deaf", "did not end in time; killing it") in heard
    assert ("good", "did not end in time; killing it") not in heard


def test_lines_that_are_no_text_do_not_stop_the_others() -> None:
    heard: Heard = []
    code = "import sys; sys.stdout.buffer.write(b'\\xff\\xfe odd\\nnext\\n'); sys.stdout.flush(); sys.stdin.read()"
    with kept(child("odd", code, heard)):
        until(lambda: ("odd", "next") in heard, "second line")


def test_a_child_gets_this_python() -> None:
    heard: Heard = []
    with kept(child("who", "import sys; print(sys.executable, flush=True); sys.stdin.read()", heard)):
        until(lambda: heard, "line")
    assert heard[0] == ("who", sys.executable)
