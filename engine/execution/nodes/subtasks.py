"""Subtasks of a call as calls of their own, on CPUs of the cluster that are free; see `jobs.subtasks`."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

from engine.errors import EngineError
from engine.execution.call import Call, Report, Subtask
from engine.execution.executors import Executor
from jobs.job import Job
from jobs.subtasks import NotRun, Offloaded

PAUSE = 1.0  # seconds


class OfCluster(Executor, Protocol):
    """An executor that knows what is free."""

    def free(self) -> Mapping[str, float]:
        """What is free in all of the cluster, by the name of the resource; memory in bytes."""


class Offloading:
    """Begins subtasks of the call of this process on its cluster."""

    def __init__(self, executor: OfCluster, call: Call) -> None:
        self._executor, self.call = executor, call
        self._reports: dict[int, Report] = {}

    def __call__(self, function: str, job: Job, items: Sequence[Any]) -> list[Offloaded]:
        free, task = self._executor.free(), self.call.task
        places = int(free.get("CPU", 0)) // max(task.cpus, 1)
        if task.memory:
            places = min(places, int(free.get("memory", 0)) // task.memory)
        own = -(-len(items) // (places + 1))  # what this process keeps takes as long as what each other one gets
        calls = [replace(self.call, job=job, subtask=Subtask(function, item)) for item in items[own:]]
        return [OnCluster(self, self._executor.submit(call)) for call in calls]

    def report(self, ticket: int) -> Report:
        """The report of a subtask. Raises NotRun when no process has begun it, and cancels it."""
        self._reports |= dict(self._executor.wait(0.0))
        while ticket not in self._reports:
            if self._executor.began(ticket) is None:
                self.cancel(ticket)
                raise NotRun("no CPU became free for it")
            self._reports |= dict(self._executor.wait(PAUSE))
        return self._reports[ticket]

    def cancel(self, ticket: int) -> None:
        """Ends a subtask whose report is not there."""
        if ticket not in self._reports:
            self._executor.cancel(ticket)


class OnCluster:
    """A subtask that a process of the cluster is to run."""

    def __init__(self, offloading: Offloading, ticket: int) -> None:
        self._offloading, self._ticket = offloading, ticket

    def result(self) -> Any:
        try:
            report = self._offloading.report(self._ticket)
        except EngineError as error:
            raise NotRun(str(error)) from error
        if report.failure is not None:
            raise NotRun(report.failure.message)
        return None if report.result is None else report.result.values["subtask"]

    def cancel(self) -> None:
        with suppress(EngineError):
            self._offloading.cancel(self._ticket)
