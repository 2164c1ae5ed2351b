"""Executors: the interface, and an executor that runs calls in a thread of this process, for tests and debugging."""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for_futures
from itertools import count
from time import monotonic, sleep
from typing import Protocol

from engine.execution.call import Call, Report, run_call


class Executor(Protocol):
    """Runs calls. Each submitted call has one report, unless it is cancelled."""

    def open(self) -> None:
        """Starts the processes for calls, unless they are running."""

    def unshared(self, paths: Sequence[str]) -> tuple[str, str, str] | None:
        """(host, path, what is wrong) of a machine that has not the file of this one at a path; None without one."""

    def capacity(self) -> int:
        """How many calls it runs at once, at most."""

    def submit(self, call: Call) -> int:
        """Submits a call and returns its ticket. The call begins when there is room for it."""

    def began(self, ticket: int) -> float | None:
        """When a running call began (monotonic seconds); None while it waits for a CPU."""

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        """The new reports, after the first one, a call's begin, or `timeout` seconds."""

    def cancel(self, *tickets: int) -> None:
        """Ends calls. They have no report."""

    def close(self) -> None:
        """Ends all processes that `open` started."""


class LocalExecutor:
    """Runs calls one after another in a thread of this process. A running call can't be ended; its report is lost."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(1, "task")
        self._tickets = count()
        self._running: dict[Future[Report], int] = {}
        self._began: dict[int, float] = {}

    def open(self) -> None:
        """Does nothing. The thread starts with the first call."""

    def unshared(self, paths: Sequence[str]) -> None:
        """None: there is no other machine."""

    def capacity(self) -> int:
        return 1

    def submit(self, call: Call) -> int:
        ticket = next(self._tickets)
        self._running[self._pool.submit(self._run, ticket, call)] = ticket
        return ticket

    def began(self, ticket: int) -> float | None:
        return self._began.get(ticket)

    def wait(self, timeout: float) -> list[tuple[int, Report]]:
        if not self._running:
            sleep(timeout)
            return []
        done, _ = wait_for_futures(self._running, timeout, FIRST_COMPLETED)
        return [(self._running.pop(future), future.result()) for future in done]

    def cancel(self, *tickets: int) -> None:
        for future in [future for future, ticket in self._running.items() if ticket in tickets]:
            future.cancel()
            del self._running[future]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, ticket: int, call: Call) -> Report:
        self._began[ticket] = monotonic()
        return run_call(call)
