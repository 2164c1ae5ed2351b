"""Storage that is away: which errors say so, and calls that are tried again until it is there."""

import errno
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from storage.errors import StorageError

Result = TypeVar("Result")

RETRY_SECONDS = 60.0  # for which a call is tried again, where no setting says otherwise
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # seconds between two tries
TOLD_AFTER = 1.0  # seconds that a store is away before the log says that it is waited for
# Of a network file system. EIO and ENOSPC are not among them: a broken or full disk stays so.
AWAY_CODES = {
    errno.ETIMEDOUT,
    errno.ESTALE,
    errno.ENOTCONN,
    errno.EHOSTDOWN,
    errno.EHOSTUNREACH,
    errno.ENETDOWN,
    errno.ENETUNREACH,
    errno.ECONNREFUSED,
    errno.ECONNRESET,
    errno.ECONNABORTED,
    errno.EREMOTEIO,
}
# Arrow tells the errors of object storage by their text alone.
OF_OBJECT_STORAGE = re.compile(r"AWS Error|curlCode")
AWAY = re.compile(
    r"NETWORK_CONNECTION|SERVICE_UNAVAILABLE|SLOW_DOWN|THROTTL|INTERNAL_FAILURE|REQUEST_TIMEOUT|curlCode"
    r"|HTTP status (?:429|5\d\d)"
)
_of_thread = threading.local()
log = logging.getLogger("loanwatch.storage")


class StorageAway(StorageError):
    """A store can't be reached. Nothing is known about its files; they may all be intact."""

    retryable = True

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"{path} can't be reached ({reason}); nothing of it is lost, so restore the connection and resume the run."
        )
        self.path, self.reason = path, reason

    def __reduce__(self) -> tuple[object, ...]:
        return (StorageAway, (self.path, self.reason))


class StorageRefused(StorageError):
    """A store answered and refused the call: credentials, permissions or the name of a bucket are wrong."""


class HeldTransaction(RuntimeError):
    """A store was called within a transaction that writes, which would block other writers while the store is slow."""


@contextmanager
def transaction() -> Iterator[None]:
    """Marks this thread as being within a transaction of the ledger that writes."""
    _of_thread.depth = getattr(_of_thread, "depth", 0) + 1
    try:
        yield
    finally:
        _of_thread.depth -= 1


def until_there(path: str, seconds: float, call: Callable[[], Result]) -> Result:
    """The result of a call. It is tried again for `seconds` while the store is away, then StorageAway is raised.

    Raises StorageRefused when object storage refused it, and every other error as it is.
    """
    if getattr(_of_thread, "depth", 0):
        raise HeldTransaction(f"{path} was called within a transaction of the ledger.")
    begun, pause, told = time.monotonic(), FIRST_PAUSE, False
    while True:
        try:
            return call()
        except OSError as error:
            if not is_away(error):
                _raise_refused(path, error)
                raise
            waited, reason = time.monotonic() - begun, _first_line(error)
            if waited + pause > seconds:
                raise StorageAway(path, reason) from error
            if waited >= TOLD_AFTER and not told:
                log.warning("%s can't be reached (%s); it is tried again for up to %g s.", path, reason, seconds)
                told = True
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def is_away(error: OSError) -> bool:
    """Whether an error says that the store can't be reached or is overloaded, so that a later try may succeed."""
    text = str(error)
    return error.errno in AWAY_CODES or (OF_OBJECT_STORAGE.search(text) is not None and AWAY.search(text) is not None)


def _raise_refused(path: str, error: OSError) -> None:
    missing = isinstance(error, FileNotFoundError)
    if not missing and OF_OBJECT_STORAGE.search(str(error)):
        raise StorageRefused(
            f"{path} was refused ({_first_line(error)}); correct the credentials, their permissions or the address."
        ) from error


def _first_line(error: OSError) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
