"""How fast passwords may be guessed: a growing pause for each name, and a limit for all names together.

It lives in this process's memory, beyond the reach of a browser (which can empty Streamlit's caches).
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from engine.errors import Refused

Found = TypeVar("Found")

FREE = 3  # failures of a name before there is a pause
LONGEST_PAUSE = 60.0  # seconds; they double from one failure to the next
FORGOTTEN_AFTER = 900.0  # seconds without a try
MOST_NAMES = 10_000
MOST_FAILURES, WINDOW = 30, 60.0  # failures of all names together in so many seconds


class TooManyTries(Refused):
    """A try that was not made, because too many before it failed."""


class RateLimit:
    """Lets one try pass at a time, and none while a name, or everybody, has to wait."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._names: OrderedDict[str, tuple[int, float]] = OrderedDict()  # failures, and when the last one was
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)

    def attempt(self, name: str, check: Callable[[], Found | None]) -> Found | None:
        """What `check` gives, None when it failed; TooManyTries, without checking, while there is a pause."""
        with self._lock:
            pause = self._pause(name)
            if pause > 0:
                raise TooManyTries(f"Too many tries have failed; try again in {pause:.0f} s.")
            found = check()
            if found is None:
                self._failed(name)
            else:
                self._names.pop(name, None)
            return found

    def _pause(self, name: str) -> float:
        """Seconds until a name may be tried again, at least one if it may not."""
        now = self._clock()
        failures, last = self._names.get(name, (0, now))
        if now - last > FORGOTTEN_AFTER:
            failures = 0
        pause = min(2.0 ** (failures - FREE), LONGEST_PAUSE) if failures >= FREE else 0.0
        left = last + pause - now if pause else 0.0
        if len(self._failures) == MOST_FAILURES:
            left = max(left, self._failures[0] + WINDOW - now)
        return max(left, 1.0) if left > 0 else 0.0

    def _failed(self, name: str) -> None:
        now = self._clock()
        failures, last = self._names.pop(name, (0, now))
        self._names[name] = (1 if now - last > FORGOTTEN_AFTER else failures + 1, now)
        if len(self._names) > MOST_NAMES:
            self._names.popitem(last=False)
        self._failures.append(now)
