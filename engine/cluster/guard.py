"""Watches over a private Ray: when the process that it works for has ended, however it did, nothing of it is left.

The guard is a process of its own, whose standard input is a pipe from the process that it guards for. The pipe closes
when that process ends, by `kill -9` too. Only the standard library is needed, so it starts in an instant.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from engine.cluster.sessions import GUARD, end_session

PROJECT = Path(__file__).parents[2]
PATIENCE = 10.0  # seconds that a guard has to put things in order


class Guard:
    """The guard of one session's folder, as the guarded process sees it."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-S", "-m", GUARD.decode(), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd=PROJECT)

    @property
    def watches(self) -> bool:
        """Whether the guard is there."""
        return self._process.poll() is None

    def dismiss(self) -> None:
        """Lets the guard remove what is left, and waits for it."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)


def main() -> None:
    """Waits for the end of standard input, then ends the session whose folder the command line names."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1024):
        pass
    end_session(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
