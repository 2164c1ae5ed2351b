"""Functions that are called again and again, each at its interval; one that fails or is slow holds up no other."""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import schedule

log = logging.getLogger("loanwatch.engine")

LOOK = 0.1  # seconds between two looks at what is due, unless a round is called more often
MOST_ROUNDS = 16


@dataclass
class PeriodicTask:
    """One function and the call of it that is under way; an exception of a call is logged, and the next call comes."""

    name: str
    seconds: float
    function: Callable[[], object]
    _under_way: Future[None] | None = field(default=None, repr=False)

    def begin(self, pool: ThreadPoolExecutor) -> None:
        """Calls the function in a thread of the pool, unless the last call has not come back."""
        if self._under_way is None or self._under_way.done():
            self._under_way = pool.submit(self._call)

    def _call(self) -> None:
        try:
            self.function()
        except Exception as error:  # noqa: BLE001 - whatever a round raises, the rounds go on; it is recorded
            log.error("%s failed (%s: %s); it is tried again", self.name, type(error).__name__, error)  # noqa: TRY400


def run_periodically(rounds: list[PeriodicTask], stop: threading.Event) -> None:
    """Calls each round at its interval until `stop` is set; what is under way then is not waited for."""
    pool = ThreadPoolExecutor(MOST_ROUNDS, "round")
    jobs = _planned(rounds, pool)
    seconds = [each.seconds for each in rounds]
    look, longest = min(LOOK, *seconds), max(seconds)
    try:
        while not stop.wait(look):
            idle = jobs.idle_seconds
            if idle is None or idle > longest:
                # The wall clock was set back, and the jobs would wait until it is where it was.
                jobs = _planned(rounds, pool)
            jobs.run_pending()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _planned(rounds: list[PeriodicTask], pool: ThreadPoolExecutor) -> schedule.Scheduler:
    jobs = schedule.Scheduler()
    for each in rounds:
        each.begin(pool)
        jobs.every(each.seconds).seconds.do(each.begin, pool)  # type: ignore[arg-type]  # a timedelta takes fractions
    return jobs
