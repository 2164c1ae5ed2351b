"""The attempts of one run: those that wait for Ray to open or for a retry, and those that the executor has."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from time import monotonic

from engine.definitions.task import Pipeline, Task
from engine.execution.attempts.work import COLLECT, Attempt, Work
from engine.execution.call import Call, Failure, Report
from engine.execution.executors import Executor
from engine.execution.nodes.reach import Reach
from engine.execution.recorder import RunRecorder
from engine.process.background import in_thread
from jobs.job import Job

MOST_WAIT = 0.25  # seconds to wait for reports, so that a cancelled run ends soon
OPEN_WAIT = 0.05
SHORT = 0.003  # seconds to wait for the report of a call that has just begun, so that both are written at once
NO_NODE = "The Ray cluster has no node with a CPU; calls wait until one joins (`ray start`)."

log = logging.getLogger("loanwatch.engine")


class AttemptQueue:
    """Submits attempts to the executor and records each attempt's start and end."""

    def __init__(self, executor: Executor, recorder: RunRecorder, pipeline: Pipeline, ledger_url: str) -> None:
        self._executor = executor
        self._reach = Reach(executor)
        self._recorder = recorder
        self._ledger_url = ledger_url
        self._turns = {
            task.name: (-len(pipeline.all_upstream[task.name]), position)
            for position, task in enumerate(pipeline.tasks)
        }
        self._waiting: list[Attempt] = []
        self._running: dict[int, Attempt] = {}
        self._opening: Future[None] | None = None
        self._told_no_node = False

    @property
    def is_empty(self) -> bool:
        return not self._waiting and not self._running

    def add(self, attempt: Attempt) -> None:
        """Adds an attempt. It is not submitted before its `not_before`."""
        self._waiting.append(attempt)

    def submit(self) -> None:
        """Submits the waiting attempts that are due. The executor places them.

        Tasks with more upstream tasks come first, so that no chain of tasks waits for the first tasks of all others.
        Tasks with as many keep the order of the pipeline. The executor gets no more than it can run at once, because
        what it has goes on when this process stops. Raises Refused when another machine can't read what the attempts
        have on this one.
        """
        if self._waiting and not self._is_open():
            return
        now, later, room = monotonic(), [], self._room()
        for attempt in sorted(self._waiting, key=lambda waiting: self._turns[waiting.work.task.name]):
            if attempt.not_before > now or room < 1:
                later.append(attempt)
                continue
            room -= 1
            work = attempt.work
            work.attempts[attempt.partition] = work.attempts.get(attempt.partition, 0) + 1
            self._running[self._executor.submit(self._call(work, attempt.partition))] = attempt
        self._waiting = later

    def _room(self) -> int:
        """How many more calls may be submitted; one at least when none is, for a cluster that starts nodes for it."""
        if not self._waiting:
            return 0
        capacity = self._executor.capacity()
        if not capacity and not self._told_no_node:
            log.warning("%s", NO_NODE)
            self._recorder.warned(self._waiting[0].work.task, [NO_NODE])
        self._told_no_node = not capacity
        return max(capacity, 1) - len(self._running)

    def reports(self, timeout: float = MOST_WAIT) -> Iterator[tuple[Attempt, Report]]:
        """The attempts that have ended, with their reports. Waits up to `timeout` seconds for the first.

        What the recorder has noted is written at the end, unless it was with the end of a task.
        """
        pauses = [attempt.not_before - monotonic() for attempt in self._waiting if attempt.not_before]
        reports = self._executor.wait(max(0.01, min([timeout, *pauses])))
        begun = [ticket for ticket in self._running if self._executor.began(ticket) is not None]
        if not reports and any(not self._running[ticket].is_recorded for ticket in begun):
            reports = self._executor.wait(SHORT)
        for ticket in begun:
            self._record_start(ticket)
        for ticket, report in reports:
            if ticket in self._running:  # it is not when another partition of the task failed
                self._record_start(ticket)
                attempt = self._running.pop(ticket)
                work = attempt.work
                if report.result is not None:
                    work.results[attempt.partition] = report.result
                self._recorder.attempt_ended(attempt.key, report, min(len(work.results), len(work.partitions)))
                yield attempt, report
        self._recorder.write()

    def overdue(self) -> list[Attempt]:
        """The attempts that have run longer than their limit, which it stops.

        The time counts from when the function began. A busy Ray may let the call wait for longer than that.
        """
        late = [ticket for ticket in self._running if self._is_late(ticket)]
        return self._stopped(late, "it took longer than the limit of its task")

    def _is_late(self, ticket: int) -> bool:
        began = self._executor.began(ticket)
        return began is not None and monotonic() > began + self._running[ticket].work.task.limit

    def drop(self, task: Task) -> None:
        """Drops the waiting attempts of a failed task and stops its running ones."""
        self._waiting = [attempt for attempt in self._waiting if attempt.work.task is not task]
        others = [ticket for ticket, attempt in self._running.items() if attempt.work.task is task]
        self._stopped(others, "another partition of the task failed")

    def stop_all(self, reason: str) -> None:
        """Stops all running attempts and records the reason."""
        self._stopped(list(self._running), reason)

    def close(self) -> None:
        """Ends the running calls without a record, because the run may have lost its lease."""
        self._executor.cancel(*self._running)

    def _record_start(self, ticket: int) -> None:
        """Records that an attempt has begun. What waits for a free CPU is no attempt yet."""
        attempt = self._running[ticket]
        if not attempt.is_recorded:
            attempt.is_recorded = True
            self._recorder.attempt_started(attempt.key, max(attempt.work.attempts.values()))

    def _is_open(self) -> bool:
        """Whether the executor has started its processes, and found the files of the waiting attempts on all nodes.

        It does so in a thread, because Ray takes some seconds to start and a node some time to answer.
        """
        jobs = [attempt.work.job for attempt in self._waiting]
        if self._opening is None:
            self._opening = in_thread(lambda: self._open(jobs), "open-executor")
        try:
            self._opening.result(OPEN_WAIT)
        except TimeoutError:
            return False
        if self._reach.has(jobs):
            return True
        self._opening = None  # these came while it looked for the files of others
        return False

    def _open(self, jobs: Sequence[Job]) -> None:
        self._executor.open()
        self._reach.refuse_unreadable(jobs)

    def _call(self, work: Work, partition: str) -> Call:
        collecting = partition == COLLECT and work.task.collect is not None
        results = [work.results[name] for name in work.partitions] if collecting else None
        job = work.job.for_partition(partition, work.attempts[partition])
        return Call(work.task, job, self._ledger_url, results, work.code)

    def _stopped(self, tickets: Sequence[int], reason: str) -> list[Attempt]:
        """The running attempts with these tickets, which it stops all at once."""
        self._executor.cancel(*tickets)
        attempts = [self._running.pop(ticket) for ticket in tickets]
        for attempt in attempts:
            if attempt.is_recorded:  # else it has not begun
                report = Report(failure=Failure("Stopped", f"The attempt was stopped: {reason}."))
                self._recorder.attempt_ended(attempt.key, report, len(attempt.work.results))
        return attempts
