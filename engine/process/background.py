"""Threads: one that runs during a `with` block, and the future of a function that a thread runs."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Self, TypeVar

Value = TypeVar("Value")


class Background(ABC):
    """Runs `work` in a thread during the `with` block. `ended` is set at the end of the block."""

    def __init__(self, name: str) -> None:
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self.work, daemon=True, name=name)

    @abstractmethod
    def work(self) -> None:
        """The work of the thread. It returns when `ended` is set."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Ends the work before the end of the block."""
        self.ended.set()
        self._thread.join()


def in_thread(function: Callable[[], Value], name: str) -> Future[Value]:
    """The future of a function that a thread runs. One that hangs does not keep the process from ending."""
    future: Future[Value] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except BaseException as error:  # noqa: BLE001 - whoever asks for the result gets it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name=name).start()
    return future


def started_in_thread(start: Callable[[], object]) -> threading.Event:
    """Starts processes from a thread of their own, which lives until the event is set.

    The kernel kills a private Ray's servers when the thread that started them ends, and who opens Ray may be a thread
    that ends sooner. Raises what `start` raises.
    """
    started: Future[None] = Future()
    end = threading.Event()

    def live() -> None:
        try:
            start()
        except BaseException as error:  # noqa: BLE001 - the caller gets it
            started.set_exception(error)
        else:
            started.set_result(None)
            end.wait()

    threading.Thread(target=live, daemon=True, name="ray-starter").start()
    started.result()
    return end
