"""Processes that strace kills, or makes fail, at the N-th system call of an act, for every N.

strace counts the calls of each kind by themselves and for each thread anew, so the N-th call is named by its kind and
its number among those of its kind. It is attached when the process is about to begin, so that nothing but the act is
counted. Each process is a fork of one that has all imports behind it.
"""

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.paths import ROOT

KILLED = -signal.SIGKILL
DEADLINE = 180.0
# The calls of which anybody else could notice anything: files, names, locks and what is sent. What reads, or closes, or
# is about memory leaves the state as the last of these calls left it, in the eyes of everybody else.
FILES = ("openat", "write", "pwrite64", "fsync", "fdatasync", "fcntl", "ftruncate", "fallocate")
NAMES = ("mkdir", "rmdir", "rename", "renameat", "renameat2", "unlink", "unlinkat", "symlink", "symlinkat", "link")
SENT = ("sendto", "sendmsg", "shutdown")
NOTICEABLE = FILES + NAMES + SENT


@dataclass(frozen=True)
class Ended:
    """How an act ended: its exit code (-9 when it was killed), what it told, and whether strace interfered."""

    code: int
    told: str
    hit: bool


class ForkServer:
    """A process that forks a child for each act. Acts are those of tests/faults/acts.py."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.faults.acts"]
        self._process = subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._trace = tempfile.NamedTemporaryFile()  # noqa: SIM115 - closed, and gone, with the server

    def act(self, *words: object, inject: str = "") -> Ended:
        """The end of one act; `inject` is what strace is to do to it, as in `fsync:signal=KILL:when=3`."""
        self._tell(" ".join(map(str, words)))
        pid = int(self._line())
        tracer = attached(pid, inject, self._trace.name) if inject else None
        self._tell("go")
        code, _, told = self._line().partition(" ")
        if tracer is not None:
            tracer.wait(DEADLINE)
        hit = tracer is not None and "(INJECTED)" in Path(self._trace.name).read_text()
        return Ended(int(code), told.replace("\\n", "\n"), hit)

    def killed_at_every_call(self, order: Callable[[], Sequence[object]]) -> Iterator[str]:
        """Each call at which an act, the one that `order` gives then, was killed; whoever iterates looks at the state.

        An act that its N-th call of a kind does not end has fewer of them; it is handed over too, as ''.
        """
        for kind in NOTICEABLE:
            number = 0
            while True:
                number += 1
                ended = self.act(*order(), inject=f"{kind}:signal=KILL:when={number}")
                assert ended.code in (0, KILLED), ended
                yield f"{kind} {number}" if ended.code == KILLED else ""
                if ended.code == 0:
                    break

    def close(self) -> None:
        self._process.stdin.close()  # type: ignore[union-attr]
        self._process.wait(DEADLINE)
        self._trace.close()
        self._process.stdout.close()  # type: ignore[union-attr]

    def _tell(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n")  # type: ignore[union-attr]

    def _line(self) -> str:
        line = self._process.stdout.readline()  # type: ignore[union-attr]
        assert line, "the fork server has ended"
        return line.rstrip("\n")


def attached(pid: int, inject: str, trace: str) -> subprocess.Popen[bytes]:
    """A strace that has the process in its hands."""
    kind = inject.partition(":")[0]
    words = ["strace", "-f", "-qq", "-o", trace, "-e", f"trace={kind}", "-e", f"inject={inject}", "-p", str(pid)]
    tracer = subprocess.Popen(words)
    deadline = monotonic() + DEADLINE
    while "TracerPid:\t0\n" in Path(f"/proc/{pid}/status").read_text():
        assert tracer.poll() is None, "strace can't attach"
        assert monotonic() < deadline
    return tracer
