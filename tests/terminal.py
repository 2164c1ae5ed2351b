"""A command at a terminal, as a person has it: the terminal takes at once whatever the command writes."""

import os
import pty
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import psutil

from tests.paths import ROOT
from tests.processes import DEADLINE, until

LAST = 20_000  # bytes of what was shown that a failed test's report has


class Terminal:
    """`python -m engine` with these words. `shown` is all that the terminal has shown, `term` of what kind it is."""

    def __init__(self, *words: str, env: Mapping[str, str], term: str) -> None:
        self.shown = b""
        self._answered = 0  # how much was shown when a question was last answered
        command = [sys.executable, "-m", "engine", *words]
        child, self._terminal = pty.fork()
        if child == 0:
            os.chdir(ROOT)
            # So that a command that is stopped with SIGABRT shows where it hangs.
            own = {"PYTHONFAULTHANDLER": "1", "TERM": term}
            os.execve(command[0], command, {**env, **own})  # noqa: S606 - the interpreter of the tests
        self._process = psutil.Process(child)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def write(self, typed: str) -> None:
        os.write(self._terminal, typed.encode())

    def answer(self, typed: str) -> None:
        """Types a line once the command asks: what it shows last is a colon and a blank."""
        until(lambda: self.shown[self._answered :].endswith(b": "), "question")
        self._answered = len(self.shown)
        self.write(typed + "\n")

    def wait_for(self, mark: str) -> str:
        """What is shown, once it has the mark. AssertionError with all threads of a command that never shows it."""
        with self._told():
            until(lambda: mark.encode() in self.shown or not self._reader.is_alive(), mark)
            assert mark.encode() in self.shown, f"the command ended without {mark!r}"
        return self.shown.decode()

    def code(self) -> int:
        """The exit code of the command, once it has ended."""
        with self._told():
            until(lambda: not self._reader.is_alive(), "end of the command")
            code: int = self._process.wait(DEADLINE)
        return code

    def close(self) -> None:
        """Kills the command if it has not ended."""
        with suppress(psutil.NoSuchProcess):
            self._process.kill()
            self._process.wait()
        self._reader.join()
        os.close(self._terminal)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Adds to an AssertionError what was shown, and where every thread of the command is."""
        try:
            yield
        except AssertionError as error:
            with suppress(psutil.NoSuchProcess):
                self._process.send_signal(signal.SIGABRT)
            self._reader.join(timeout=10)
            error.add_note(self.shown[-LAST:].decode(errors="replace"))
            raise

    def _read(self) -> None:
        while True:
            try:
                block = os.read(self._terminal, 4096)
            except OSError:  # how a terminal's end shows
                return
            if not block:
                return
            self.shown += block


@contextmanager
def at_terminal(*words: str, env: Mapping[str, str], term: str = "xterm") -> Iterator[Terminal]:
    """The command at a terminal during the block, in which it has to end."""
    terminal = Terminal(*words, env=env, term=term)
    try:
        yield terminal
    finally:
        terminal.close()
