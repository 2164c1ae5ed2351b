"""The folders and processes of private Rays on this machine: finding, ending and removing them.

A private Ray has all its files in one folder, `lw-PID-...` below the temporary folder. PID is the process that it
belongs to. The command lines of its processes, or of their ancestors, contain that folder.
This module imports the standard library only: the guard uses it, and runs without site packages such as psutil.
"""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

PREFIX = "lw-"  # short: the paths of sockets have a maximum length
END_TIMEOUT = 5.0  # seconds that killed processes may take to end
TITLE_OF_A_TASK = b"ray::"
OF_A_SESSION = re.compile(rb"/lw-[0-9]+-")  # in the paths of a private Ray, see PREFIX
GUARD = b"engine.cluster.guard"  # the word that marks a guard's own command line
SERVERS = (b"/gcs_server", b"/raylet")  # the programs that a head needs


@dataclass(frozen=True)
class OsProcess:
    """A process of this machine, with the words of its command line."""

    pid: int
    parent: int
    words: tuple[bytes, ...]


def new_session() -> Path:
    """A new folder for a private Ray of this process. Other users can't read it."""
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))


def end_session(folder: Path) -> None:
    """Ends every process of a private Ray at once and removes its folder."""
    _end(_members(folder))
    shutil.rmtree(folder, ignore_errors=True)


def dead_sessions() -> list[Path]:
    """The folders of private Rays of this user whose process has ended."""
    dead = []
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}[0-9]*-*"):
        owner = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError):  # another process removed it in the meantime
            if folder.stat().st_uid == os.getuid() and not Path("/proc", owner).exists():
                dead.append(folder)
    return sorted(dead)


def remove_dead_sessions() -> None:
    """Ends the processes and removes the folders of private Rays whose process was killed."""
    for folder in dead_sessions():
        end_session(folder)


def kill_task(title: str) -> bool:
    """Kills the process of this machine that runs the Ray task with that title. False when there is none."""
    full_title = TITLE_OF_A_TASK + title.encode()
    return _end([process.pid for process in _processes() if process.words[0].strip() == full_title]) > 0


def kill_tasks_of(mark: str) -> int:
    """Kills the processes of this machine that run tasks with a run process's mark. Returns their number."""
    marked = f"#{mark}-".encode()
    return _end(p.pid for p in _processes() if p.words[0].startswith(TITLE_OF_A_TASK) and marked in p.words[0])


def servers_of(head: int) -> set[int]:
    """The process ids of the running servers of the head with the process id `head`."""
    return {each.pid for each in _processes() if each.parent == head and each.words[0].endswith(SERVERS)}


def has_cluster_node() -> bool:
    """Whether a node of a Ray cluster runs on this machine. Private Rays do not count."""
    return any(
        process.words[0].endswith(b"/raylet") and not any(OF_A_SESSION.search(word) for word in process.words)
        for process in _processes()
    )


def is_running(pid: int) -> bool:
    """Whether a process of this machine runs. A zombie does not run."""
    try:
        return _stat(pid)[0] not in "ZX"
    except OSError:
        return False


def _members(folder: Path) -> list[int]:
    """The processes with the folder on their command line, and their descendants, without this process."""
    processes = list(_processes())
    members = {process.pid for process in processes if _mentions(process, folder)} - {os.getpid()}
    complete = False
    while not complete:
        more = {process.pid for process in processes if process.parent in members} - members - {os.getpid()}
        members |= more
        complete = not more
    return sorted(members)


def _mentions(process: OsProcess, folder: Path) -> bool:
    path = bytes(folder)
    return any(path in word for word in process.words) and GUARD not in process.words


def _processes() -> Iterator[OsProcess]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):  # it ended in the meantime
            words = tuple(process.joinpath("cmdline").read_bytes().split(b"\0"))
            parent = int(_stat(int(process.name))[1])
            yield OsProcess(int(process.name), parent, words)


def _stat(pid: int) -> list[str]:
    """The fields of `/proc/PID/stat` from the state on: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _end(pids: Iterable[int]) -> int:
    """Kills these processes and waits for their end. Returns how many were running."""
    killed = [pid for pid in pids if _kill(pid)]
    deadline = monotonic() + END_TIMEOUT
    while any(is_running(pid) for pid in killed) and monotonic() < deadline:
        sleep(0.01)
    return len(killed)


def _kill(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
