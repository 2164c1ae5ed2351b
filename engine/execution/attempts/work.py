"""A running task with its partitions, and the attempts of each partition."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.definitions.task import Task, function_named
from jobs.job import Job, TaskResult

COLLECT = "collect all"  # the key of the call that has the results of all partitions; no dataset has such a name
WHOLE = ""


@dataclass
class Work:
    """A running task: its job, cache key and code, the results of its partitions, the number of attempts of each."""

    task: Task
    job: Job
    key: str
    code: str
    partitions: Sequence[str]
    results: dict[str, TaskResult] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)


@dataclass
class Attempt:
    """A call that waits to be submitted, not before `not_before` (monotonic seconds), or that the executor has.

    `is_recorded` says whether the ledger has its start.
    """

    work: Work
    partition: str
    not_before: float = 0.0
    is_recorded: bool = False

    @property
    def key(self) -> tuple[str, str, int]:
        return self.work.task.name, self.partition, self.work.attempts[self.partition]


def partitions_of(task: Task, job: Job) -> Sequence[str]:
    """The keys of a task's partitions; the one key WHOLE for a task without `split`."""
    if task.split is None:
        return [WHOLE]
    return list(function_named(task.split)(job)) if isinstance(task.split, str) else task.split
