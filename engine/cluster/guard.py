"""The guard removes a private Ray when the process that it belongs to has ended, even by `kill -9`.

The guard is a process. Its standard input is a pipe from that process, which closes when the process ends. It starts
with `python -S`, without site packages, so that it starts fast: it imports the standard library only.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from engine.cluster.sessions import GUARD, end_session

PROJECT = Path(__file__).parents[2]
CLEANUP_TIMEOUT = 10.0  # seconds that a guard has to clean up


class Guard:
    """The guard process of one session's folder, for the process that started it."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-S", "-m", GUARD.decode(), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd=PROJECT)

    @property
    def is_running(self) -> bool:
        """Whether the guard is running."""
        return self._process.poll() is None

    def close(self) -> None:
        """Lets the guard clean up, and waits for its end."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(CLEANUP_TIMEOUT)


def main() -> None:
    """Waits for the end of standard input, then ends the session. Its folder is the argument of the command line."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(0, 1024):
        pass
    end_session(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
