"""Ctrl-C and SIGTERM that arrive while the ledger is written: they interrupt when the transaction has ended.

An interrupt may come between the beginning of a transaction and the `with` block that ends it. Nothing would then end
the transaction while the interrupt is handled, and whoever handles it could not write.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_waiting = False  # whether a signal has arrived that has not interrupted yet
_depth = 0  # of the main thread, which alone handles signals


def interrupt(_number: int, _frame: FrameType | None) -> None:
    """A handler of signals. Raises KeyboardInterrupt, at once or else when the main thread's transaction has ended."""
    global _waiting  # noqa: PLW0603 - the state of the process's only main thread
    if _depth:
        _waiting = True
    else:
        raise KeyboardInterrupt


def interrupt_if_waiting() -> None:
    """Raises KeyboardInterrupt if a signal waits: for a place that holds no lock."""
    global _waiting  # noqa: PLW0603
    if _waiting and threading.current_thread() is threading.main_thread():
        _waiting = False
        raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Lets signals wait for the end of the block."""
    global _depth  # noqa: PLW0603
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            interrupt_if_waiting()
