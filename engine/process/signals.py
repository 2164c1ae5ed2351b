"""Signals of long-lived processes, and Ctrl-C of a command that waits."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from storage.db.interrupts import interrupt


def on_stop_signal(stop: Callable[[], None], *, with_parent: bool) -> None:
    """Calls `stop` on SIGTERM and Ctrl-C. With `with_parent`, also at the end of standard input."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
    if with_parent:
        at_end_of_input(stop)


def at_end_of_input(stop: Callable[[], None]) -> None:
    """Calls `stop` from a thread at the end of standard input: when the parent process ends."""
    threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True, name="end-of-input").start()


@contextmanager
def interrupt_on_sigterm() -> Iterator[None]:
    """Raises KeyboardInterrupt on SIGTERM, as on Ctrl-C, when no transaction of the ledger is being written.

    The handler of SIGINT is set too, because a shell makes its background processes ignore SIGINT.
    """
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def ctrl_c_noted() -> Iterator[Callable[[], bool]]:
    """Notes Ctrl-C during the block; the function that it gives tells whether Ctrl-C was pressed.

    A KeyboardInterrupt could come while the main thread holds a lock that another thread of the process then waits for
    in vain. A second Ctrl-C raises it nevertheless. None is noted in another thread, which gets no signals, nor where
    SIGINT is ignored, as in the background of a script.
    """
    noted: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        if noted:
            raise KeyboardInterrupt
        noted.append(number)

    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(noted)
    finally:
        signal.signal(signal.SIGINT, before)


def _stop_at_end_of_input(stop: Callable[[], None]) -> None:
    while os.read(0, 1024):
        pass
    stop()
