"""The rate limit of sign-ins: a growing pause for each name, and a limit for all names together.

It is in this process's memory. A browser can clear Streamlit's caches, but not this memory.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from engine.errors import Refused

Checked = TypeVar("Checked")

FREE = 3  # failures of a name before there is a pause
LONGEST_PAUSE = 60.0  # seconds; they double from one failure to the next
FORGOTTEN_AFTER = 900.0  # seconds without an attempt
MOST_NAMES = 10_000
MOST_FAILURES, WINDOW = 30, 60.0  # failures of all names together, and the seconds in which they count


class TooManyTries(Refused):
    """An attempt is not allowed yet, because too many attempts failed before it."""


class RateLimit:
    """Allows one attempt at a time, and none during a pause of the name or of all names."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._names: OrderedDict[str, tuple[int, float]] = OrderedDict()  # failures, and the time of the last one
        self._failures: deque[float] = deque(maxlen=MOST_FAILURES)

    def attempt(self, name: str, check: Callable[[], Checked | None]) -> Checked | None:
        """The result of `check`; None means that it failed. Raises TooManyTries, without a check, during a pause."""
        with self._lock:
            pause = self._pause(name)
            if pause > 0:
                raise TooManyTries(f"Too many attempts have failed; try again in {pause:.0f} s.")
            result = check()
            if result is None:
                self._failed(name)
            else:
                self._names.pop(name, None)
            return result

    def _pause(self, name: str) -> float:
        """Seconds until the next attempt of a name is allowed: 0, or at least 1."""
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
