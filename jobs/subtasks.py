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
    """Another process did not run a subtask: no CPU became free, it failed, or the process ended."""


class Offloaded(Protocol):
    """A subtask that another process is to run."""

    def result(self) -> Any:
        """Its result, once the process has run it. Raises NotRun, at once when no process has begun it."""

    def cancel(self) -> None:
        """Ends it if it has not ended. The result is not wanted any more."""


# Of a job and the items of its subtasks: begins the last of them in other processes, as many as free CPUs shorten the
# whole by, and returns these in order. The text names the function from job and item to result, as `module:function`.
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
    """The result of the subtask of each item, in order. This process runs the first one, and all that no other runs.

    `here` may use what this process has in memory; `elsewhere` (`module:function`) makes the same of the job and the
    item. Raises what `here` raises; the subtasks of other processes are then cancelled.
    """
    offloaded = _begun(elsewhere, job, items)
    own = len(items) - len(offloaded)
    try:
        results = [here(item) for item in items[:own]]
        for item, subtask in zip(items[own:], offloaded, strict=True):
            try:
                results.append(subtask.result())
            except NotRun as error:
                log.info("%s: a subtask runs in the call's own process (%s)", job.partition or job.task, error)
                results.append(here(item))
    finally:
        for subtask in offloaded:
            subtask.cancel()
    return results


def _begun(function: str, job: Job, items: Sequence[Any]) -> Sequence[Offloaded]:
    if len(items) < 2:
        return ()
    try:
        offloaded = _offload.get()(function, job, items)
    except Exception as error:  # noqa: BLE001 - this process can run all of them
        log.warning("%s: no subtask could be given to another process (%s)", job.partition or job.task, error)
        return ()
    if offloaded:
        told = job.partition or job.task, len(offloaded), len(items)
        log.info("%s: other processes run %d of %d subtasks, on free CPUs", *told)
    return offloaded
