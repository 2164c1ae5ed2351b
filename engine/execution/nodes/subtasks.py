"""Subtasks of a call as calls of their own, on CPUs of the cluster that are free; see `jobs.subtasks`."""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from time import monotonic
from typing import Any, Protocol

from engine.execution.call import Call, Report, Subtask
from engine.execution.executors import Executor
from jobs.job import Job
from jobs.subtasks import NotRun, Offloaded

POLL = 1.0  # seconds
GRACE, TIMES = 60.0, 3  # subtasks are waited for so many seconds, and so many times what the call's own ones took

log = logging.getLogger("loanwatch.jobs")  # the log of the call


class ClusterExecutor(Executor, Protocol):
    """An executor that knows what is free."""

    def free(self) -> Mapping[str, float]:
        """What is free in all of the cluster, by the name of the resource; memory in bytes."""


class Offloading:
    """Asks the cluster of this process to run subtasks of the call that this process runs.

    It asks for as many as shorten the whole, by what is free. A subtask waits for a CPU and memory as its call did.
    """

    def __init__(self, executor: ClusterExecutor, call: Call) -> None:
        self._executor, self._call = executor, call
        self._reports: dict[int, Report] = {}
        self._asked_at = 0.0
        self._deadline: float | None = None  # until which those that have begun are waited for

    def __call__(self, function: str, job: Job, items: Sequence[Any]) -> list[Offloaded]:
        free, task = self._executor.free(), self._call.task
        places = int(free.get("CPU", 0)) // max(task.cpus, 1)
        if task.memory:
            places = min(places, int(free.get("memory", 0)) // task.memory)
        own = -(-len(items) // (places + 1))  # what this process keeps takes as long as what each other one gets
        asked: list[Offloaded] = []
        self._asked_at, self._deadline = monotonic(), None
        try:
            for item in items[own:]:
                call = replace(self._call, job=job, subtask=Subtask(function, item))
                asked.append(OnCluster(self, self._executor.submit(call)))
        except BaseException:
            for subtask in asked:
                subtask.cancel()
            raise
        return asked

    def has_begun(self, ticket: int) -> bool:
        """Whether a process runs a subtask or has run it."""
        self._reports |= dict(self._executor.wait(0.0))
        return ticket in self._reports or self._executor.began(ticket) is not None

    def report(self, ticket: int) -> Report:
        """The report of a subtask that has begun. Raises NotRun when it takes much longer than the call's own ones."""
        if self._deadline is None:  # the call's own ones are done
            took = monotonic() - self._asked_at
            self._deadline = monotonic() + GRACE + TIMES * took
        while ticket not in self._reports:
            if monotonic() > self._deadline:
                raise NotRun(f"It took longer than {monotonic() - self._asked_at:.0f} s.")
            self._reports |= dict(self._executor.wait(POLL))
        return self._reports.pop(ticket)

    def cancel(self, ticket: int) -> None:
        self._executor.cancel(ticket)


class OnCluster:
    """A subtask that a process of the cluster was asked to run."""

    def __init__(self, offloading: Offloading, ticket: int) -> None:
        self._offloading, self._ticket = offloading, ticket
        self._is_over = False

    def has_begun(self) -> bool:
        try:
            return self._offloading.has_begun(self._ticket)
        except Exception:  # noqa: BLE001 - the process of the call runs it, and can do without the cluster
            return False

    def result(self) -> Any:
        try:
            report = self._offloading.report(self._ticket)
        except NotRun:
            raise
        except Exception as error:  # as in `has_begun`
            raise NotRun(f"The cluster does not answer ({error}).") from error
        self._is_over = True
        for line in report.lines:
            log.log(logging.getLevelName(line.level), "%s", line.message)
        if report.result is None:
            raise NotRun(report.failure.message if report.failure else "It has no result.")
        return report.result.values["subtask"]

    def cancel(self) -> None:
        if not self._is_over:
            self._is_over = True
            with suppress(Exception):  # as in `has_begun`
                self._offloading.cancel(self._ticket)
