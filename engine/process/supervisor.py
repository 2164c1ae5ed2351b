"""Keeps several processes running: restarts those that end, and stops all of them together."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep

log = logging.getLogger("loanwatch.engine")

PAUSE = 0.2
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0  # seconds before a restart, doubled each time
# How long a process may take to end, in addition to `stop_grace`: a worker whose ledger is away notices a lost
# connection (25 s, and 2 s until it looks again), tries to hand back its runs (10 s, and 5 s for the last try), and
# ends Ray (5 s).
STOP_SECONDS = 50.0
STEADY = 60.0  # seconds after which a process counts as healthy; its next pause is FIRST_PAUSE again
PrintLine = Callable[[str, str], None]  # name of the process, line


@dataclass
class Child:
    """A process to keep running: its name, its arguments after `python`, and the function that prints its lines."""

    name: str
    arguments: Sequence[str]
    print_line: PrintLine
    longest_pause: float = LONGEST_PAUSE
    process: subprocess.Popen[str] | None = None
    _pause: float = FIRST_PAUSE
    _not_before: float = 0.0
    _started_at: float = field(default=0.0, repr=False)

    def poll(self) -> None:
        """Starts the process when it is not running and the pause is over."""
        if self.process is not None and self.process.poll() is not None:
            self._on_exit(self.process.returncode)
        if self.process is None and monotonic() >= self._not_before:
            self._start()

    def terminate(self) -> None:
        """Sends SIGTERM, so that the process can clean up."""
        if self.process is not None:
            self.process.terminate()

    def wait(self, seconds: float) -> None:
        """Waits for the end of the process, and kills it after `seconds`."""
        if self.process is None:
            return
        try:
            self.process.wait(max(seconds, 0.0))
        except subprocess.TimeoutExpired:
            self.print_line(self.name, "did not end in time; killing it")
            self.process.kill()
            self.process.wait()
        self._close_input()

    def _start(self) -> None:
        # The pipe to its standard input closes when this process ends, even by `kill -9`. `--tied` reacts to that.
        self.process = subprocess.Popen(
            [sys.executable, *self.arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._started_at = monotonic()
        threading.Thread(target=self._print_lines, args=(self.process,), daemon=True, name=f"lines-{self.name}").start()

    def _print_lines(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is not None:
            with process.stdout as lines:
                for line in lines:
                    self.print_line(self.name, line.rstrip("\n"))

    def _close_input(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()

    def _on_exit(self, code: int) -> None:
        if monotonic() - self._started_at > STEADY:
            self._pause = FIRST_PAUSE
        self.print_line(self.name, f"ended with code {code}; restarting in {self._pause:.0f} s")
        self._not_before = monotonic() + self._pause
        self._pause = min(2 * self._pause, self.longest_pause)
        self._close_input()
        self.process = None


def keep_running(children: Sequence[Child], stop: threading.Event, grace: float) -> None:
    """Keeps the children running until `stop` is set, then stops them within `grace` seconds, the last one first."""
    try:
        while not stop.is_set():
            for child in children:
                child.poll()
            sleep(PAUSE)
    finally:
        for child in reversed(children):
            child.terminate()
        deadline = monotonic() + grace
        for child in reversed(children):
            child.wait(deadline - monotonic())
