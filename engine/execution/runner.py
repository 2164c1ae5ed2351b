"""One run's life: each task as soon as what it needs is done, tried again when it fails, all committed at the end."""

import logging
from contextlib import suppress
from time import monotonic

from engine.cluster.private import RayUnreachable
from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from engine.execution.attempts import COLLECT, WHOLE, Attempt, Work, partitions_of
from engine.execution.caching import cache_key, reusable
from engine.execution.call import Call, Failure, Report
from engine.execution.executors import Executor
from engine.execution.heartbeat import Heartbeat
from engine.execution.inputs import Snapshot, job_of
from engine.execution.publish import commit
from engine.execution.recorder import RunRecorder
from jobs.job import Job, TaskResult, combined
from storage.db.ledger import LedgerUnavailable
from storage.errors import LeaseLost, LoanwatchError
from storage.ledger.leases import Lease

log = logging.getLogger("loanwatch.engine")

TICK = 0.25  # seconds within which a cancelled run is heard of
DONE = ("succeeded", "cached", "skipped")


class Runner:
    """Carries out one claimed run. Its state is in the ledger; this object only knows what is under way."""

    def __init__(self, deployment: Deployment, pipeline: Pipeline, executor: Executor, lease: Lease) -> None:
        self._deployment = deployment
        self._pipeline = pipeline
        self._executor = executor
        self._record = RunRecorder(deployment.ledger, lease)
        self._lease = lease
        self._states = {task.name: "queued" for task in pipeline.tasks}
        self._outcomes: dict[str, TaskResult] = {}
        self._origins: dict[str, str] = {}
        self._waiting: list[Attempt] = []
        self._places = {task.name: place for place, task in enumerate(pipeline.tasks)}
        self._running: dict[int, Attempt] = {}
        self._failures: list[tuple[str, Failure]] = []

    def execute(self, snapshot: Snapshot, *, force: bool) -> str:
        """The state in which the run ended. LeaseLost when it was declared dead meanwhile."""
        self._record.planned(self._pipeline)
        try:
            with Heartbeat(self._deployment, self._lease) as heartbeat:
                while not heartbeat.cancelled.is_set():
                    heartbeat.check()
                    self._submit()
                    self._start_ready(snapshot, force=force)
                    if not self._waiting and not self._running:
                        return self._end()
                    self._take_reports()
                    self._end_overdue()
                return self._cancel()
        except (KeyboardInterrupt, SystemExit):
            return self._cancel()
        except (LeaseLost, LedgerUnavailable, RayUnreachable):
            raise
        except Exception as error:
            self._give_up(error)
            raise
        finally:
            for ticket in list(self._running):
                self._executor.cancel(ticket)

    def _start_ready(self, snapshot: Snapshot, *, force: bool) -> None:
        progress = True
        while progress:
            progress = False
            for task in self._pipeline.tasks:
                if self._states[task.name] == "queued" and all(self._states[need] in DONE for need in task.upstream):
                    self._start(task, snapshot, force=force)
                    self._submit()
                    progress = True

    def _start(self, task: Task, snapshot: Snapshot, *, force: bool) -> None:
        try:
            job = job_of(self._deployment, self._pipeline, task, snapshot, self._outcomes)
            key = cache_key(task, job)
            if not force and self._reuse(task, job, key):
                return
            partitions = partitions_of(task, job)
        except LoanwatchError as error:
            self._fail(task, Failure(type(error).__name__, str(error), error.exit_code, retryable=False))
            return
        self._states[task.name] = "running"
        self._record.ready(task, key, len(partitions))
        work = Work(task, job, key, partitions)
        self._waiting.extend(Attempt(work, partition) for partition in partitions)
        if not partitions:
            self._complete(work)

    def _reuse(self, task: Task, job: Job, key: str) -> bool:
        found, complaints = reusable(self._deployment.ledger, task, job, key)
        self._record.noted(task, complaints)
        if found is None:
            return False
        run_id, outcome = found
        self._states[task.name] = "cached"
        self._outcomes[task.name], self._origins[task.name] = outcome, run_id
        self._record.cached(task, key, run_id, outcome)
        return True

    def _submit(self) -> None:
        if self._waiting:
            self._executor.open()
        free = self._executor.slots - sum(attempt.work.task.cpus for attempt in self._running.values())
        later: list[Attempt] = []
        # First come the tasks that stand first in the declaration: what much depends on stands there.
        for attempt in sorted(self._waiting, key=lambda waiting: self._places[waiting.work.task.name]):
            work = attempt.work
            if attempt.not_before > monotonic() or (self._running and free < work.task.cpus):
                later.append(attempt)
                continue
            free -= work.task.cpus
            work.tries[attempt.partition] = work.tries.get(attempt.partition, 0) + 1
            self._record.attempt_started(attempt.key, max(work.tries.values()))
            attempt.deadline = monotonic() + work.task.limit
            self._running[self._executor.submit(self._call(work, attempt.partition))] = attempt
        self._waiting = later

    def _call(self, work: Work, partition: str) -> Call:
        collecting = partition == COLLECT and work.task.collect is not None
        outcomes = [work.outcomes[name] for name in work.partitions] if collecting else None
        return Call(work.task, work.job.for_partition(partition), self._deployment.settings.ledger_url, outcomes)

    def _take_reports(self) -> None:
        pauses = [attempt.not_before - monotonic() for attempt in self._waiting if attempt.not_before]
        for ticket, report in self._executor.wait(max(0.01, min([TICK, *pauses]))):
            attempt = self._running.pop(ticket, None)  # gone when another partition of its task has just failed
            if attempt is not None:
                self._take(attempt, report)

    def _take(self, attempt: Attempt, report: Report) -> None:
        work = attempt.work
        if report.outcome is not None:
            work.outcomes[attempt.partition] = report.outcome
        self._record.attempt_ended(attempt.key, report, min(len(work.outcomes), len(work.partitions)))
        if report.failure is not None:
            self._retry_or_fail(attempt, report.failure)
        elif attempt.partition == COLLECT and work.task.collect is not None:
            self._finish(work, work.outcomes[COLLECT])
        elif len(work.outcomes) == len(work.partitions):
            self._complete(work)

    def _complete(self, work: Work) -> None:
        if work.task.split is None:
            self._finish(work, work.outcomes[WHOLE])
        elif work.task.collect is not None:
            self._waiting.append(Attempt(work, COLLECT))
        else:
            self._finish(work, combined([work.outcomes[partition] for partition in work.partitions]))

    def _finish(self, work: Work, outcome: TaskResult) -> None:
        name = work.task.name
        foreign = [table.table for table in outcome.tables if table.table not in work.task.writes]
        if foreign:
            self._fail(work.task, Failure("BadPipeline", f"Task {name} wrote {foreign[0]}, which it does not declare."))
            return
        self._record.finished(work.task, work.job, outcome)
        self._states[name] = "skipped" if outcome.skipped else "succeeded"
        self._outcomes[name], self._origins[name] = outcome, self._lease.run_id

    def _retry_or_fail(self, attempt: Attempt, failure: Failure) -> None:
        work, tries = attempt.work, attempt.work.tries[attempt.partition]
        if failure.retryable and tries <= work.task.retries and self._states[work.task.name] == "running":
            pause = self._deployment.settings.retry_pause * 2 ** (tries - 1)
            self._record.retrying(work.task, failure)
            self._waiting.append(Attempt(work, attempt.partition, not_before=monotonic() + pause))
        else:
            self._fail(work.task, failure)

    def _fail(self, task: Task, failure: Failure) -> None:
        if self._states[task.name] == "failed":
            return
        self._record.failed(task, failure)
        self._states[task.name] = "failed"
        self._failures.append((task.name, failure))
        self._drop(task)
        left_out = {
            name: task.name
            for name, state in self._states.items()
            if state == "queued" and task.name in self._pipeline.all_upstream[name]
        }
        self._states.update(dict.fromkeys(left_out, "upstream_failed"))
        self._record.left_out(left_out)

    def _drop(self, task: Task) -> None:
        """Ends the other partitions of a failed task."""
        self._waiting = [attempt for attempt in self._waiting if attempt.work.task is not task]
        for ticket, attempt in list(self._running.items()):
            if attempt.work.task is task:
                self._stop(ticket, "another partition of the task failed")

    def _stop(self, ticket: int, why: str) -> None:
        attempt = self._running.pop(ticket)
        self._executor.cancel(ticket)
        report = Report(failure=Failure("Stopped", f"The attempt was ended: {why}."))
        self._record.attempt_ended(attempt.key, report, len(attempt.work.outcomes))

    def _end_overdue(self) -> None:
        for ticket, attempt in list(self._running.items()):
            if monotonic() > attempt.deadline and ticket in self._running:
                limit = attempt.work.task.limit
                self._stop(ticket, f"it took longer than its limit of {limit:.0f} s")
                message = f"{attempt.work.task.name} took longer than its limit of {limit:.0f} s."
                self._retry_or_fail(attempt, Failure("TimeLimitExceeded", message))

    def _end(self) -> str:
        if self._failures:
            name, failure = self._failures[0]
            others = len(self._failures) - 1
            more = f" ({others} more {'task' if others == 1 else 'tasks'} failed.)" if others else ""
            error = {**failure.as_json(), "task": name, "message": failure.message + more}
            self._record.run_failed(error)
            return "failed"
        outcomes = [(self._origins[task.name], self._outcomes[task.name]) for task in self._pipeline.tasks]
        commit(self._deployment, self._lease, outcomes)
        return "succeeded"

    def _give_up(self, error: Exception) -> None:
        """Records that the engine itself failed, so that nobody waits for the run."""
        message = f"The engine failed ({type(error).__name__}: {error}); resume the run."
        with suppress(LeaseLost):  # it was declared dead, or it had ended well: the ledger knows better
            self._record.ended_early(self._open_tasks(), "failed", Failure(type(error).__name__, message).as_json())

    def _open_tasks(self) -> list[str]:
        return [name for name, state in self._states.items() if state in ("queued", "running")]

    def _cancel(self) -> str:
        for ticket in list(self._running):
            self._stop(ticket, "the run was cancelled")
        error = {
            "type": "Cancelled",
            "message": "The run was cancelled; published tables are as before.",
            "exit_code": 4,
        }
        self._record.ended_early(self._open_tasks(), "cancelled", error)
        return "cancelled"
