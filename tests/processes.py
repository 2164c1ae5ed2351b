"""Processes of this machine as a test sees them: what runs, what descends from what, what listens."""

import os
import signal
import subprocess
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from time import monotonic, sleep
from typing import Any, TypeVar

import psutil

from engine.process.identity import mark_of

DEADLINE = 180.0  # seconds; only a test that fails waits so long, however busy the machine is
LOOPBACK = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
# Of a child that says when it is ready, and waits for the end of its input: it never outlives the test.
PIPES: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
Found = TypeVar("Found")


def until(look: Callable[[], Found], what: str, seconds: float = DEADLINE) -> Found:
    """What `look` found as soon as that is something; AssertionError after so many seconds."""
    deadline = monotonic() + seconds
    while not (found := look()):
        assert monotonic() < deadline, f"after {seconds:.0f} s: no {what}"
        sleep(0.01)
    return found


def running(pids: Collection[int]) -> list[int]:
    """Those of the processes that run. One that has ended does not, also before its parent has waited for it."""
    return [pid for pid in pids if _is_running(pid)]


def stop(pids: Iterable[int]) -> None:
    """Has processes stand still; one that has ended meanwhile does already."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


def go_on(pids: Iterable[int]) -> None:
    """Has stopped processes go on."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def tree(pid: int) -> dict[int, str]:
    """The command lines of a process and all that descend from it, by process id."""
    found = {}
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [process, *process.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                found[each.pid] = " ".join(each.cmdline())
    return found


def calls_of(run_process: int) -> list[int]:
    """The processes that run a task of that run process."""
    return [
        process.pid
        for process in psutil.process_iter()
        if (words := _words(process)).startswith("ray::") and f"#{mark_of(run_process)}-" in words
    ]


def listeners(pids: Collection[int]) -> list[Any]:
    """The TCP sockets on which these processes listen, as `ss -ltnp` shows them."""
    found = psutil.net_connections("tcp")
    return [each for each in found if each.status == psutil.CONN_LISTEN and each.pid in pids]


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:
        return False


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
