"""Subtasks of one call, of which other processes may run some while CPUs are free.

The results do not depend on which process runs a subtask: the function that runs it here and the one that runs it in
another process give equal results.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from jobs.job import Job, log

Item = TypeVar("Item")
Result = TypeVar("Result")


class NotRun(Exception):
    """Another process did not run a subtask to its end: it failed, took too long, or the process ended."""


class Offloaded(Protocol):
    """A subtask that another process was asked to run."""

    def has_begun(self) -> bool:
        """Whether a process runs it or has run it."""

    def result(self) -> Any:
        """The result of one that has begun, once the process has run it. Raises NotRun."""

    def cancel(self) -> None:
        """Ends it if it has not ended. It has no result then. Does nothing the second time, and raises nothing."""


# Asks other processes to run the last of the subtasks of these items, and returns them in order. The text names the
# function from job and item to result, as `module:function`.
Offload = Callable[[str, Job, Sequence[Any]], Sequence[Offloaded]]


def _nothing(_function: str, _job: Job, _items: Sequence[Any]) -> Sequence[Offloaded]:
    return ()


_offload: ContextVar[Offload] = ContextVar("offload", default=_nothing)


@contextmanager
def offloaded_with(offload: Offload) -> Iterator[None]:
    """Lets `offload` begin subtasks of the calls in this block in other processes."""
    token = _offload.set(offload)
    try:
        yield
    finally:
        _offload.reset(token)


def run_subtasks(here: Callable[[Item], Result], elsewhere: str, job: Job, items: Sequence[Item]) -> list[Result]:
    """The result of the subtask of each item, in order. This process runs the first ones, and all that no other runs.

    `here` may use what this process has in memory; `elsewhere` (`module:function`) makes the same of the job and the
    item. Raises what `here` raises; the subtasks of other processes are then cancelled.
    """
    offloaded = _offloaded(elsewhere, job, items)
    own = len(items) - len(offloaded)
    begun, ran = dict(enumerate(offloaded, own)), 0
    try:
        results = {place: here(item) for place, item in enumerate(items[:own])}
        for place in reversed(range(own, len(items))):
            if not begun[place].has_begun():  # no CPU has become free for it
                begun.pop(place).cancel()
                results[place] = here(items[place])
        for place, subtask in begun.items():
            try:
                results[place] = subtask.result()
                ran += 1
            except NotRun as error:
                log.warning("%s: a subtask of another process runs here again: %s", _name(job), error)
                results[place] = here(items[place])
    finally:
        for subtask in offloaded:
            subtask.cancel()
    if ran:
        log.info("%s: other processes ran %d of %d subtasks, on free CPUs", _name(job), ran, len(items))
    return [results[place] for place in range(len(items))]


def _offloaded(function: str, job: Job, items: Sequence[Any]) -> Sequence[Offloaded]:
    if len(items) < 2:
        return ()
    try:
        return _offload.get()(function, job, items)
    except Exception as error:  # noqa: BLE001 - this process can run all of them
        log.warning("%s: no other process could be asked to run subtasks: %s", _name(job), error)
        return ()


def _name(job: Job) -> str:
    return job.partition or job.task
