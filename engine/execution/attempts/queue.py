"""The attempts of one run: those that wait for a free CPU or a retry, and those that the executor runs."""

from collections.abc import Iterator
from concurrent.futures import Future
from time import monotonic

from engine.definitions.task import Pipeline, Task
from engine.execution.attempts.work import COLLECT, Attempt, Work
from engine.execution.call import Call, Failure, Report
from engine.execution.executors import Executor
from engine.execution.recorder import RunRecorder
from engine.process.background import in_thread

MOST_WAIT = 0.25  # seconds to wait for reports, so that a cancelled run ends soon
OPEN_WAIT = 0.05


class AttemptQueue:
    """Submits attempts to the executor and records each attempt's start and end."""

    def __init__(self, executor: Executor, recorder: RunRecorder, pipeline: Pipeline, ledger_url: str) -> None:
        self._executor = executor
        self._recorder = recorder
        self._ledger_url = ledger_url
        self._positions = {task.name: position for position, task in enumerate(pipeline.tasks)}
        self._waiting: list[Attempt] = []
        self._running: dict[int, Attempt] = {}
        self._opening: Future[None] | None = None

    @property
    def is_empty(self) -> bool:
        return not self._waiting and not self._running

    def add(self, attempt: Attempt) -> None:
        """Adds an attempt. It is not submitted before its `not_before`."""
        self._waiting.append(attempt)

    def submit(self) -> None:
        """Submits the waiting attempts while there are free CPUs, in the order of the pipeline's tasks."""
        if self._waiting and not self._is_open():
            return
        free = self._executor.slots - sum(attempt.work.task.cpus for attempt in self._running.values())
        later: list[Attempt] = []
        for attempt in sorted(self._waiting, key=lambda waiting: self._positions[waiting.work.task.name]):
            work = attempt.work
            if attempt.not_before > monotonic() or (self._running and free < work.task.cpus):
                later.append(attempt)
                continue
            free -= work.task.cpus
            work.attempts[attempt.partition] = work.attempts.get(attempt.partition, 0) + 1
            self._recorder.attempt_started(attempt.key, max(work.attempts.values()))
            self._running[self._executor.submit(self._call(work, attempt.partition))] = attempt
        self._waiting = later

    def reports(self, timeout: float = MOST_WAIT) -> Iterator[tuple[Attempt, Report]]:
        """The attempts that have ended, with their reports. Waits up to `timeout` seconds for the first."""
        pauses = [attempt.not_before - monotonic() for attempt in self._waiting if attempt.not_before]
        for ticket, report in self._executor.wait(max(0.01, min([timeout, *pauses]))):
            attempt = self._running.pop(ticket, None)  # None when another partition of the task failed
            if attempt is not None:
                work = attempt.work
                if report.result is not None:
                    work.results[attempt.partition] = report.result
                self._recorder.attempt_ended(attempt.key, report, min(len(work.results), len(work.partitions)))
                yield attempt, report

    def overdue(self) -> Iterator[Attempt]:
        """Stops the attempts that have run longer than their limit, and yields them.

        The time counts from when the function began. A busy Ray may let the call wait for longer than that.
        """
        for ticket, attempt in list(self._running.items()):
            began = self._executor.began(ticket)
            if began is not None and monotonic() > began + attempt.work.task.limit and ticket in self._running:
                self._stop(ticket, f"it took longer than its limit of {attempt.work.task.limit:.0f} s")
                yield attempt

    def drop(self, task: Task) -> None:
        """Drops the waiting attempts of a failed task and stops its running ones."""
        self._waiting = [attempt for attempt in self._waiting if attempt.work.task is not task]
        for ticket, attempt in list(self._running.items()):
            if attempt.work.task is task:
                self._stop(ticket, "another partition of the task failed")

    def stop_all(self, reason: str) -> None:
        """Stops all running attempts and records the reason."""
        for ticket in list(self._running):
            self._stop(ticket, reason)

    def close(self) -> None:
        """Ends the running calls without a record, because the run may have lost its lease."""
        for ticket in list(self._running):
            self._executor.cancel(ticket)

    def _is_open(self) -> bool:
        """Whether the executor has started its processes, in a thread, because that takes Ray some seconds."""
        if self._opening is None:
            self._opening = in_thread(self._executor.open, "open-executor")
        try:
            self._opening.result(OPEN_WAIT)
        except TimeoutError:
            return False
        return True

    def _call(self, work: Work, partition: str) -> Call:
        collecting = partition == COLLECT and work.task.collect is not None
        results = [work.results[name] for name in work.partitions] if collecting else None
        job = work.job.for_partition(partition, work.attempts[partition])
        return Call(work.task, job, self._ledger_url, results, work.code)

    def _stop(self, ticket: int, reason: str) -> None:
        attempt = self._running.pop(ticket)
        self._executor.cancel(ticket)
        report = Report(failure=Failure("Stopped", f"The attempt was stopped: {reason}."))
        self._recorder.attempt_ended(attempt.key, report, len(attempt.work.results))
