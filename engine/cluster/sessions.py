"""The folders and processes of private Rays on this machine: finding them, ending them, removing what is left.

A private Ray keeps everything in one folder, `lw-PID-...` below the temporary folder, where PID is the process that
it works for. Its processes name that folder on their command lines, or descend from one that does.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

PREFIX = "lw-"  # short, for the paths of sockets have a limit
PATIENCE = 5.0  # seconds in which a killed process is to be gone
TITLE_OF_A_TASK = b"ray::"
GUARD = b"engine.cluster.guard"  # the word by which a guard's own command line is known
SERVERS = (b"/gcs_server", b"/raylet")  # the programs without which a head can't come up


@dataclass(frozen=True)
class OsProcess:
    """A process of this machine, with its command line word by word."""

    pid: int
    parent: int
    words: tuple[bytes, ...]


def new_session() -> Path:
    """A folder for a private Ray of this process, closed to others."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def end_session(folder: Path) -> None:
    """Ends every process of a private Ray at once and removes its folder."""
    _end(_members(folder))
    shutil.rmtree(folder, ignore_errors=True)


def dead_sessions() -> list[Path]:
    """The folders of private Rays of this user whose process has ended."""
    found = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}[0-9]*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):  # somebody else has just removed it
            if folder.stat().st_uid == os.getuid() and not Path("/proc", owner).exists():
                found.append(folder)
    return sorted(found)


def remove_dead_sessions() -> None:
    """Removes what the private Rays of processes that were killed have left."""
    for folder in dead_sessions():
        end_session(folder)


def kill_task(title: str) -> bool:
    """Whether a process of this machine was running the Ray task of that title, and is no more."""
    wanted = TITLE_OF_A_TASK + title.encode()
    return _end([process.pid for process in _processes() if process.words[0].strip() == wanted]) > 0


def kill_tasks_of(driver: int) -> int:
    """How many processes of this machine were running tasks of the driver with that process id, and are no more."""
    mark = f"#{driver}-".encode()
    tasks = [p.pid for p in _processes() if p.words[0].startswith(TITLE_OF_A_TASK) and mark in p.words[0]]
    return _end(tasks)


def servers_of(head: int) -> set[int]:
    """The process ids of the servers that a head, by its own process id, has running."""
    return {each.pid for each in _processes() if each.parent == head and each.words[0].endswith(SERVERS)}


def is_running(pid: int) -> bool:
    """Whether a process of this machine runs; one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill_bystanders(folder: Path, names: tuple[bytes, ...]) -> None:
    """Ends those processes of a private Ray whose program has one of these names, without waiting for them."""
    for process in _processes():
        if _mentions(process, folder) and any(word.endswith(names) for word in process.words):
            _kill(process.pid)


def _members(folder: Path) -> list[int]:
    """The processes that name the folder, and their descendants; never this one."""
    everybody = list(_processes())
    members = {process.pid for process in everybody if _mentions(process, folder)} - {os.getpid()}
    grown = True
    while grown:
        more = {process.pid for process in everybody if process.parent in members} - members - {os.getpid()}
        members |= more
        grown = bool(more)
    return sorted(members)


def _mentions(process: OsProcess, folder: Path) -> bool:
    path = bytes(folder)
    return any(path in word for word in process.words) and GUARD not in process.words


def _processes() -> Iterator[OsProcess]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):  # it has ended meanwhile
            words = tuple(process.joinpath("cmdline").read_bytes().split(b"\0"))
            parent = int(process.joinpath("stat").read_text().rpartition(")")[2].split()[1])
            yield OsProcess(int(process.name), parent, words)


def _end(pids: Iterable[int]) -> int:
    """How many of these processes were there to be killed; all are gone, or at least no longer running."""
    killed = [pid for pid in pids if _kill(pid)]
    deadline = monotonic() + PATIENCE
    while any(is_running(pid) for pid in killed) and monotonic() < deadline:
        sleep(0.01)
    return len(killed)


def _kill(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
