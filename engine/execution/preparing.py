"""Preparing tasks: their inputs, their cache keys, what may be reused. In threads, because a store may be slow."""

from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for_futures
from dataclasses import dataclass
from threading import Lock

from engine.definitions.code import call_code, code_of
from engine.definitions.pipelines import pipelines_of
from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from engine.execution.attempts.work import partitions_of
from engine.execution.caching import cache_key, reusable
from engine.execution.inputs import Snapshot, job_of
from engine.process.background import in_thread
from jobs.book.retail import BOOK
from jobs.job import Job, TaskResult
from storage.db.ledger import LedgerUnavailable
from storage.errors import LoanwatchError

PARSING = Lock()  # a key is made of parsed modules, and Python 3.11 can't parse in two threads at once


def read_code() -> None:
    """Makes the digests of the code of the project's tasks, which the first run of a process otherwise waits for.

    They are of the code that this process loaded, so they stay right. A lender's file is read when a run needs it.
    """
    tasks = [task for pipeline in pipelines_of(BOOK).values() for task in pipeline.tasks]
    for reference in sorted({reference for task in tasks for reference in task.functions}):
        with PARSING:
            code_of(reference)


@dataclass(frozen=True)
class Prepared:
    """A task whose upstream tasks are done: its job, cache key and code, and the keys of the partitions to run.

    `reused` is (run, result) of an earlier task when that is used instead. `damaged` are messages about outputs of
    earlier tasks that can't be used.
    """

    job: Job
    key: str
    code: str
    partitions: Sequence[str] = ()
    reused: tuple[str, TaskResult] | None = None
    damaged: Sequence[str] = ()


@dataclass(frozen=True)
class Inputs:
    """What a run prepares its tasks from. `reuse_of` are the runs whose results it may reuse; None for any run."""

    deployment: Deployment
    pipeline: Pipeline
    snapshot: Snapshot
    reuse_of: frozenset[str] | None = None

    def prepared(self, task: Task, results: Mapping[str, TaskResult]) -> Prepared:
        """The prepared task. Reads extracts and tables that changed since they were read last."""
        job = job_of(self.deployment, self.pipeline, task, self.snapshot, results)
        with PARSING:
            code, key = call_code(task, job.declaration), cache_key(task, job)
        reused, damaged = reusable(self.deployment, task, job, key, self.reuse_of)
        partitions = () if reused else partitions_of(task, job)
        return Prepared(job, key, code, partitions, reused, damaged)


class Preparations:
    """The tasks that are being prepared, each in a thread of its own."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._futures: dict[Future[Prepared], Task] = {}

    @property
    def is_empty(self) -> bool:
        return not self._futures

    def start(self, task: Task, results: Mapping[str, TaskResult]) -> None:
        """Starts to prepare a task from the results of the tasks that are done."""
        done = dict(results)
        self._futures[in_thread(lambda: self._prepared(task, done), f"prepare-{task.name}")] = task

    def finished(self, timeout: float) -> list[tuple[Task, Prepared | LoanwatchError]]:
        """The tasks that are prepared, or why they can't be, after the first one or after `timeout` seconds.

        Raises LedgerUnavailable, which says nothing about a task.
        """
        if not self._futures:
            return []
        done, _ = wait_for_futures(self._futures, timeout, FIRST_COMPLETED)
        return [(self._futures.pop(future), _outcome(future)) for future in done]

    def _prepared(self, task: Task, results: Mapping[str, TaskResult]) -> Prepared:
        try:
            return self._inputs.prepared(task, results)
        except LedgerUnavailable:  # its connection was lost; the next one waits for a server that restarts
            return self._inputs.prepared(task, results)


def _outcome(future: Future[Prepared]) -> Prepared | LoanwatchError:
    try:
        return future.result()
    except LedgerUnavailable:
        raise
    except LoanwatchError as error:
        return error
