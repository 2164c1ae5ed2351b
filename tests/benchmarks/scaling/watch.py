"""What a tree of processes uses while it works: memory by process and in all, and the bytes it reads and writes.

Memory in all is the sum of Pss, in which each page that processes share, such as Ray's object store, counts once. It is
read every 50 ms, but reading the page tables of large processes takes time that the measured work needs, so a pause is
also twenty times as long as a reading. Memory by process is the kernel's own highest resident size (VmHWM), which no
sampling misses and which counts shared pages in each process. Bytes are those of calls that read and write, files and
sockets alike; what a process maps into memory instead, as some do with files, is not among them. Linux only.
"""

import threading
from contextlib import suppress
from pathlib import Path
from time import monotonic, perf_counter
from typing import Self

import psutil

PAUSE = 0.05  # seconds
SHARE = 20  # a pause is so many readings long at least
TREE = 0.5  # seconds after which processes are looked up again
GONE = (OSError, psutil.Error, ValueError)
RESET_PEAK = "5"  # as the kernel's documentation of clear_refs has it
Io = tuple[int, int]


class Watch:
    """Watches a process and all below it, from `with` until its end."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._pids: list[int] = []
        self._first: dict[int, Io] = {}
        self._last: dict[int, Io] = {}
        self._peaks: dict[int, int] = {}
        self._all = 0

    def __enter__(self) -> Self:
        self._look_up()
        self._first = {pid: io for pid in self._pids if (io := io_of(pid))}
        for pid in self._pids:
            with suppress(*GONE):
                Path(f"/proc/{pid}/clear_refs").write_text(RESET_PEAK)
        self._read()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
        with suppress(*GONE):
            self._look_up()
        self._read()

    def found(self) -> dict[str, int]:
        """Bytes: the peak of the largest process, the peak of all at once, what they read and what they wrote."""
        nothing = (0, 0)
        pairs = [(last, self._first.get(pid, nothing)) for pid, last in self._last.items()]
        read, written = (sum(last[i] - first[i] for last, first in pairs) for i in (0, 1))
        largest = max(self._peaks.values(), default=0)
        return {"peak_process": largest, "peak_all": max(self._all, largest), "read": read, "written": written}

    def _run(self) -> None:
        looked_up, pause = monotonic(), PAUSE
        while not self._ended.wait(pause):
            begun = perf_counter()
            if monotonic() - looked_up > TREE:
                with suppress(*GONE):
                    self._look_up()
                looked_up = monotonic()
            self._read()
            pause = max(PAUSE, SHARE * (perf_counter() - begun))

    def _look_up(self) -> None:
        self._pids = [self._root.pid, *(child.pid for child in self._root.children(recursive=True))]

    def _read(self) -> None:
        sizes = [kibibytes(pid, "smaps_rollup", "Pss:") for pid in self._pids]
        self._all = max(self._all, sum(sizes))
        for pid in self._pids:
            self._peaks[pid] = max(self._peaks.get(pid, 0), kibibytes(pid, "status", "VmHWM:"))
            if io := io_of(pid):
                self._last[pid] = io


def kibibytes(pid: int, file: str, field: str) -> int:
    """A size in /proc, in bytes; 0 for a process that is gone."""
    with suppress(*GONE):
        for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    return 0


def io_of(pid: int) -> Io | None:
    """Bytes that a process has read and written so far; None when it is gone."""
    with suppress(*GONE):
        counted = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
        return int(counted["rchar"]), int(counted["wchar"])
    return None
