"""Functions called at intervals. A function that fails or is slow does not delay the others."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import schedule

log = logging.getLogger("loanwatch.engine")

POLL_PAUSE = 0.1  # seconds between two checks for due calls, unless a task has a shorter interval
MOST_THREADS = 16


@dataclass
class PeriodicTask:
    """A function, its interval, and its running call. An exception is logged and does not prevent the next call."""

    name: str
    seconds: float
    function: Callable[[], object]
    _running: Future[None] | None = field(default=None, repr=False)

    def start(self, pool: ThreadPoolExecutor) -> None:
        """Calls the function in a thread of the pool, unless its last call is still running."""
        if self._running is None or self._running.done():
            self._running = pool.submit(self._call)

    def _call(self) -> None:
        try:
            self.function()
        except Exception as error:  # noqa: BLE001 - a failed call is logged and does not prevent the next call
            log.error("%s failed (%s: %s); trying again.", self.name, type(error).__name__, error)  # noqa: TRY400


def run_periodically(tasks: list[PeriodicTask], stop: threading.Event) -> None:
    """Calls each task at its interval until `stop` is set. It does not wait for running calls at the end."""
    pool = ThreadPoolExecutor(MOST_THREADS, "periodic")
    jobs = _planned(tasks, pool)
    seconds = [each.seconds for each in tasks]
    pause, longest = min(POLL_PAUSE, *seconds), max(seconds)
    try:
        while not stop.wait(pause):
            idle = jobs.idle_seconds
            if idle is None or idle > longest:
                # The system clock was set back. The jobs would wait until it reaches its old time again.
                jobs = _planned(tasks, pool)
            jobs.run_pending()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _planned(tasks: list[PeriodicTask], pool: ThreadPoolExecutor) -> schedule.Scheduler:
    jobs = schedule.Scheduler()
    for each in tasks:
        each.start(pool)
        jobs.every(each.seconds).seconds.do(each.start, pool)  # type: ignore[arg-type]  # a timedelta takes fractions
    return jobs
