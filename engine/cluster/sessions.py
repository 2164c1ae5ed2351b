"""The folders and processes of private Rays on this machine: finding, ending and removing them.

A private Ray keeps everything in one folder, `lw-PID-...` below the temporary folder, where PID is the process that
it belongs to. Its processes name that folder on their command lines, or descend from one that does.
The standard library only: the guard imports this module and starts without site packages, so psutil is not there.
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

PREFIX = "lw-"  # short: the paths of sockets have a maximum length
PATIENCE = 5.0  # seconds that killed processes may take to end
TITLE_OF_A_TASK = b"ray::"
GUARD = b"engine.cluster.guard"  # the word that marks a guard's own command line
SERVERS = (b"/gcs_server", b"/raylet")  # the programs that a head needs


@dataclass(frozen=True)
class OsProcess:
    """A process of this machine, with its command line word by word."""

    pid: int
    parent: int
    words: tuple[bytes, ...]


def new_session() -> Path:
    """A new folder for a private Ray of this process, closed to other users."""
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
        with suppress(OSError):  # another process has just removed it
            if folder.stat().st_uid == os.getuid() and not Path("/proc", owner).exists():
                found.append(folder)
    return sorted(found)


def remove_dead_sessions() -> None:
    """Ends and removes what is left of private Rays whose process was killed."""
    for folder in dead_sessions():
        end_session(folder)


def kill_task(title: str) -> bool:
    """Whether a process of this machine ran the Ray task of that title; it is killed."""
    wanted = TITLE_OF_A_TASK + title.encode()
    return _end([process.pid for process in _processes() if process.words[0].strip() == wanted]) > 0


def kill_tasks_of(run_process: int) -> int:
    """How many processes of this machine ran tasks of the run process with that id; they are killed."""
    mark = f"#{run_process}-".encode()
    tasks = [p.pid for p in _processes() if p.words[0].startswith(TITLE_OF_A_TASK) and mark in p.words[0]]
    return _end(tasks)


def servers_of(head: int) -> set[int]:
    """The process ids of the running servers of a head, which is given by its process id."""
    return {each.pid for each in _processes() if each.parent == head and each.words[0].endswith(SERVERS)}


def is_running(pid: int) -> bool:
    """Whether a process of this machine runs; a zombie does not."""
    try:
        return _stat(pid)[0] not in "ZX"
    except OSError:
        return False


def kill_bystanders(folder: Path, names: tuple[bytes, ...]) -> None:
    """Kills those processes of a private Ray whose program has one of these names, without waiting for them."""
    for process in _processes():
        if _mentions(process, folder) and any(word.endswith(names) for word in process.words):
            _kill(process.pid)


def _members(folder: Path) -> list[int]:
    """The processes that name the folder, and their descendants; never this one."""
    everything = list(_processes())
    members = {process.pid for process in everything if _mentions(process, folder)} - {os.getpid()}
    grown = True
    while grown:
        more = {process.pid for process in everything if process.parent in members} - members - {os.getpid()}
        members |= more
        grown = bool(more)
    return sorted(members)


def _mentions(process: OsProcess, folder: Path) -> bool:
    path = bytes(folder)
    return any(path in word for word in process.words) and GUARD not in process.words


def _processes() -> Iterator[OsProcess]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):  # it ended meanwhile
            words = tuple(process.joinpath("cmdline").read_bytes().split(b"\0"))
            parent = int(_stat(int(process.name))[1])
            yield OsProcess(int(process.name), parent, words)


def _stat(pid: int) -> list[str]:
    """The kernel's words about a process from its state on: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _end(pids: Iterable[int]) -> int:
    """How many of these processes were killed; waits until they no longer run."""
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
