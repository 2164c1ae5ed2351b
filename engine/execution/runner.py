"""Executes one run: starts tasks when their upstream tasks are done, retries failures, publishes the results."""

from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Any

from engine.cluster.private import RayUnreachable
from engine.control.deliveries import refuse_shrunken
from engine.definitions.sources import is_outdated
from engine.definitions.task import Task
from engine.errors import Refused
from engine.execution.attempts.queue import MOST_WAIT, AttemptQueue
from engine.execution.attempts.work import COLLECT, WHOLE, Attempt, Work
from engine.execution.caching import key_after
from engine.execution.call import CodeChanged, Failure, OtherCode, Report
from engine.execution.executors import Executor
from engine.execution.heartbeat import Heartbeat
from engine.execution.preparing import Inputs, Preparations, Prepared
from engine.execution.publish import commit
from engine.execution.recorder import RunRecorder
from jobs.accounting.account import check
from jobs.accounting.statements import accounts_of
from jobs.errors import InputRejected
from jobs.job import TaskResult, combined
from jobs.profiles.summary import Profile, merged_profiles
from storage.db.ledger import LedgerUnavailable
from storage.errors import LeaseLost, LoanwatchError

DONE = ("succeeded", "cached", "skipped")
OPEN = ("queued", "preparing", "running")
QUICK = 0.05  # seconds in which most tasks are prepared


class Runner:
    """Executes one claimed run. It has the states and results of the tasks, and records its progress in the ledger."""

    def __init__(self, inputs: Inputs, executor: Executor, heartbeat: Heartbeat) -> None:
        deployment, pipeline = inputs.deployment, inputs.pipeline
        self._deployment = deployment
        self._pipeline = pipeline
        self._preparations = Preparations(inputs)
        self._heartbeat = heartbeat
        self._lease = heartbeat.lease
        self._recorder = RunRecorder(deployment.ledger, self._lease)
        self._queue = AttemptQueue(executor, self._recorder, pipeline, deployment.settings.ledger_url)
        self._states = {task.name: "queued" for task in pipeline.tasks}
        self._results: dict[str, TaskResult] = {}
        self._origins: dict[str, str] = {}
        self._failures: list[tuple[str, Failure]] = []
        self._profiles: list[Profile] = []  # of what the tasks read, also of those that failed

    def execute(self) -> str:
        """Executes the run and returns its final state. Raises LeaseLost when it was marked as crashed."""
        self._recorder.planned(self._pipeline)
        try:
            while not self._heartbeat.cancelled.is_set():
                self._heartbeat.check()
                self._start_ready(MOST_WAIT if self._queue.is_empty else QUICK)
                self._queue.submit()
                if not self._queue.is_empty:
                    for attempt, report in self._queue.reports(MOST_WAIT if self._preparations.is_empty else QUICK):
                        self._handle(attempt, report)
                elif self._preparations.is_empty and not self._ready():
                    return self._end()
                self._fail_overdue()
            return self._cancel()
        except (KeyboardInterrupt, SystemExit):
            return self._cancel()
        except (LeaseLost, LedgerUnavailable, RayUnreachable, CodeChanged):
            raise
        except Refused as error:
            self._abort(_failure(error))
            return "failed"
        except Exception as error:
            name = type(error).__name__
            self._abort(Failure(name, f"The engine failed ({name}: {error}); resume the run."))
            raise
        finally:
            self._queue.close()

    def _ready(self) -> list[Task]:
        """The tasks whose upstream tasks are done, in the order of the pipeline."""
        return [
            task
            for task in self._pipeline.tasks
            if self._states[task.name] == "queued" and all(self._states[name] in DONE for name in task.upstream)
        ]

    def _start_ready(self, timeout: float) -> None:
        """Prepares the tasks that are ready and starts the prepared ones, until none is prepared within `timeout`.

        Reading a large extract or a slow store may take minutes, in which the loop goes on.
        """
        while True:
            for task in self._ready():
                self._states[task.name] = "preparing"
                self._preparations.start(task, self._results)
            prepared = self._preparations.finished(timeout)
            if not prepared:
                return
            for task, outcome in prepared:
                self._start(task, outcome)
            self._queue.submit()
            timeout = QUICK

    def _start(self, task: Task, prepared: Prepared | LoanwatchError) -> None:
        try:
            if isinstance(prepared, LoanwatchError):
                raise prepared
            self._recorder.warned(task, prepared.damaged)
            if prepared.reused is not None:
                self._reuse(task, prepared, *prepared.reused)
                return
        except LedgerUnavailable:
            raise
        except LoanwatchError as error:
            self._fail(task, _failure(error))
            return
        self._states[task.name] = "running"
        self._recorder.ready(task, prepared.key, len(prepared.partitions))
        work = Work(task, prepared.job, prepared.key, prepared.code, prepared.partitions)
        for partition in prepared.partitions:
            self._queue.add(Attempt(work, partition))
        if not prepared.partitions:
            self._complete(work)

    def _reuse(self, task: Task, prepared: Prepared, run_id: str, result: TaskResult) -> None:
        self._profiles += result.profiles
        refuse_shrunken(self._deployment, prepared.job, result)
        self._states[task.name] = "cached"
        self._results[task.name], self._origins[task.name] = result, run_id
        self._recorder.cached(task, prepared.key, run_id, result)

    def _handle(self, attempt: Attempt, report: Report) -> None:
        work = attempt.work
        if report.failure is not None:
            self._retry_or_fail(attempt, report.failure)
        elif attempt.partition == COLLECT and work.task.collect is not None:
            self._finish(work, work.results[COLLECT])
        elif len(work.results) == len(work.partitions):
            self._complete(work)

    def _complete(self, work: Work) -> None:
        if list(work.partitions) == [WHOLE]:
            self._finish(work, work.results[WHOLE])
        elif work.task.collect is not None:
            self._queue.add(Attempt(work, COLLECT))
        else:
            self._finish(work, combined([work.results[partition] for partition in work.partitions]))

    def _finish(self, work: Work, result: TaskResult) -> None:
        name = work.task.name
        undeclared = [table.table for table in result.tables if table.table not in work.task.writes]
        if undeclared:
            self._fail(work.task, Failure("BadPipeline", f"Task {name} wrote the undeclared table {undeclared[0]}."))
            return
        self._profiles += result.profiles
        try:
            check(accounts_of({task: one.values for task, one in {**self._results, name: result}.items()}))
            refuse_shrunken(self._deployment, work.job, result)
            after = key_after(work.task, work.job, result)
        except LedgerUnavailable:
            raise
        except LoanwatchError as error:  # the accounts do not balance, the dataset lost rows, or the book changed
            self._fail(work.task, _failure(error), result.values)
            return
        self._recorder.finished(work.task, work.job, result, after)
        self._states[name] = "skipped" if result.skipped else "succeeded"
        self._results[name], self._origins[name] = result, self._lease.run_id

    def _retry_or_fail(self, attempt: Attempt, failure: Failure) -> None:
        if failure.type == OtherCode.__name__ and is_outdated():
            raise CodeChanged(f"The code changed while {self._lease.run_id} was running; resume the run.")
        work, attempts = attempt.work, attempt.work.attempts[attempt.partition]
        if failure.retryable and attempts <= work.task.retries and self._states[work.task.name] == "running":
            pause = self._deployment.settings.retry_pause * 2 ** (attempts - 1)
            self._recorder.retrying(work.task, failure)
            self._queue.add(Attempt(work, attempt.partition, not_before=monotonic() + pause))
        else:
            if failure.exit_code == InputRejected.exit_code:
                self._profiles += merged_profiles(each for part in work.results.values() for each in part.profiles)
            self._fail(work.task, failure)

    def _fail(self, task: Task, failure: Failure, values: Mapping[str, Any] | None = None) -> None:
        """Records that a task failed; `values` are what it counted, if it came so far."""
        if self._states[task.name] == "failed":
            return
        self._recorder.failed(task, failure, values)
        self._states[task.name] = "failed"
        self._failures.append((task.name, failure))
        self._queue.drop(task)
        downstream = {
            name: task.name
            for name, state in self._states.items()
            if state == "queued" and task.name in self._pipeline.all_upstream[name]
        }
        self._states.update(dict.fromkeys(downstream, "upstream_failed"))
        self._recorder.upstream_failed(downstream)

    def _fail_overdue(self) -> None:
        for attempt in self._queue.overdue():
            task = attempt.work.task
            message = f"{task.name} took longer than its limit of {task.limit:.0f} s."
            self._retry_or_fail(attempt, Failure("TimeLimitExceeded", message))

    def _end(self) -> str:
        if self._failures:
            order = [task.name for task in self._pipeline.tasks]
            self._failures.sort(key=lambda failed: order.index(failed[0]))  # the same run names the same task first
            name, failure = self._failures[0]
            others = len(self._failures) - 1
            more = f" ({others} more {'task' if others == 1 else 'tasks'} failed.)" if others else ""
            error = {**failure.as_json(), "task": name, "message": failure.message + more}
            self._recorder.run_failed(error, *self._unused())
            return "failed"
        results = [(self._origins[task.name], self._results[task.name]) for task in self._pipeline.tasks]
        commit(self._deployment, self._lease, results)
        return "succeeded"

    def _unused(self) -> tuple[list[Profile], str]:
        """(what a run that rejected its input read until then, without what a failure itself has; why)."""
        rejections = [failure for _, failure in self._failures if failure.exit_code == InputRejected.exit_code]
        if not rejections:
            return [], ""
        told = [(profile["dataset"], profile["delivery"]) for failure in rejections for profile in failure.profiles]
        unused = [each for each in self._profiles if (each["dataset"], each["delivery"]) not in told]
        return unused, rejections[0].message

    def _abort(self, failure: Failure) -> None:
        """Records a failure of the run itself, so that it does not stay `running`."""
        with suppress(LeaseLost):  # the run has ended or was marked as crashed
            self._recorder.ended_early(self._open_tasks(), "failed", failure.as_json())

    def _cancel(self) -> str:
        self._queue.stop_all("the run was cancelled")
        try:
            self._recorder.cancelled(self._open_tasks())
        except LeaseLost:
            if self._recorder.has_succeeded():  # the interrupt came after the commit
                return "succeeded"
            raise
        return "cancelled"

    def _open_tasks(self) -> list[str]:
        return [name for name, state in self._states.items() if state in OPEN]


def _failure(error: LoanwatchError) -> Failure:
    return Failure(type(error).__name__, str(error), error.exit_code, retryable=False)
