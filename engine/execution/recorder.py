"""Records the progress of one run in the ledger, in transactions that check the run's lease."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from engine.definitions.task import Pipeline, Task
from engine.execution.caching import extended
from engine.execution.call import Failure, Report
from jobs.job import Job, TaskResult
from jobs.profiles.summary import Profile
from storage.db.ledger import Ledger
from storage.ledger.catalog import record_versions
from storage.ledger.deliveries import record_profile, record_unused
from storage.ledger.leases import Lease, check_lease, finish
from storage.ledger.runs import run_row
from storage.ledger.tasks import LogLine, add_logs, end_attempt, plan_tasks, start_attempt, start_task, update_task

AttemptKey = tuple[str, str, int]
Note = Callable[[Connection, datetime], None]


@dataclass(frozen=True)
class RunRecorder:
    """Records the progress of a run. Every transaction raises LeaseLost when the lease is lost.

    What is ready, and the starts and ends of attempts, are noted: the next transaction writes them, at the latest that
    of `write` after each wait for reports. Every other method is one transaction.
    """

    ledger: Ledger
    lease: Lease
    _notes: list[Note] = field(default_factory=list, init=False)

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        """A transaction in which the lease is valid, and its time. The notes are written first."""
        with self.ledger.writing() as connection:
            check_lease(connection, self.lease)
            now = self.ledger.now(connection)
            notes = list(self._notes)
            self._notes.clear()  # before they are written: what can't be must not keep the run from being ended
            for note in notes:
                note(connection, now)
            yield connection, now

    def write(self) -> None:
        """Writes what is noted."""
        if self._notes:
            with self._writing():
                pass

    def planned(self, pipeline: Pipeline) -> None:
        with self._writing() as (connection, _):
            plan_tasks(connection, self.lease.run_id, [task.name for task in pipeline.tasks])

    def ready(self, task: Task, key: str, partitions: int) -> None:
        """Notes a task whose upstream tasks are done and which is not cached."""

        def note(connection: Connection, _: datetime) -> None:
            update_task(connection, self.lease.run_id, task.name, cache_key=key, parts_total=partitions)

        self._notes.append(note)

    def cached(self, task: Task, key: str, run_id: str, result: TaskResult) -> None:
        """Records a task whose result is that of an earlier run."""
        with self._writing() as (connection, now):
            update_task(
                connection,
                self.lease.run_id,
                task.name,
                state="skipped" if result.skipped else "cached",
                cache_key=key,
                cached_from=run_id,
                rows_in=result.rows_in,
                rows_out=result.rows_out,
                started_at=now,
                finished_at=now,
                outcome={"outcome": result.as_json(), "extended": {}},
            )

    def attempt_started(self, key: AttemptKey, attempts: int) -> None:
        """Notes that an attempt has begun."""

        def note(connection: Connection, now: datetime) -> None:
            start_attempt(connection, self.lease.run_id, key, now)
            start_task(connection, self.lease.run_id, key[0], attempts, now)

        self._notes.append(note)

    def attempt_ended(self, key: AttemptKey, report: Report, done: int) -> None:
        """Notes the end of an attempt, with the rest of its log."""
        state = "failed" if report.failure else "succeeded"
        error = report.failure.as_json() if report.failure else None

        def note(connection: Connection, now: datetime) -> None:
            add_logs(connection, self.lease.run_id, report.lines)
            end_attempt(connection, self.lease.run_id, key, state=state, finished_at=now, error=error)
            update_task(connection, self.lease.run_id, key[0], parts_done=done)

        self._notes.append(note)

    def warned(self, task: Task, messages: Sequence[str]) -> None:
        """Records warnings in the log of a task."""
        if messages:
            with self._writing() as (connection, now):
                lines = [LogLine(task.name, now, "WARNING", message) for message in messages]
                add_logs(connection, self.lease.run_id, lines)

    def retrying(self, task: Task, failure: Failure) -> None:
        with self._writing() as (connection, now):
            update_task(connection, self.lease.run_id, task.name, state="retrying", error=failure.as_json())
            line = LogLine(task.name, now, "WARNING", f"{failure.message} Retrying.")
            add_logs(connection, self.lease.run_id, [line])

    def finished(self, task: Task, job: Job, result: TaskResult, after: str) -> None:
        """Records a finished task with its `key_after`. Its table versions are recorded, but not published yet."""
        with self._writing() as (connection, now):
            new = [table for table in result.tables if table.version == self.lease.run_id]
            record_versions(connection, self.lease, new, now)
            update_task(
                connection,
                self.lease.run_id,
                task.name,
                state="skipped" if result.skipped else "succeeded",
                rows_in=result.rows_in,
                rows_out=result.rows_out,
                finished_at=now,
                error=None,
                key_after=after,
                outcome={"outcome": result.as_json(), "extended": extended(task, job)},
            )

    def failed(self, task: Task, failure: Failure, values: Mapping[str, Any] | None = None) -> None:
        """Records a failed task with what it counted but without what it made, and the profile of what it rejected."""
        end: dict[str, Any] = {"state": "failed", "error": failure.as_json()}
        if values is not None:
            end["outcome"] = {"outcome": TaskResult(values=dict(values)).as_json(), "extended": {}}
        with self._writing() as (connection, now):
            update_task(connection, self.lease.run_id, task.name, finished_at=now, **end)
            for profile in failure.profiles:
                record_profile(connection, self.lease.run_id, profile, now, rejected=failure.message)
            add_logs(connection, self.lease.run_id, [LogLine(task.name, now, "ERROR", failure.message)])

    def upstream_failed(self, names: Mapping[str, str]) -> None:
        """Records tasks that can't run, each with its failed upstream task."""
        with self._writing() as (connection, _):
            for name, failed_upstream in names.items():
                update_task(
                    connection, self.lease.run_id, name, state="upstream_failed", failed_upstream=failed_upstream
                )

    def ended_early(self, names: Sequence[str], state: str, error: dict[str, Any]) -> None:
        """Records the end of a run whose tasks have not all ended."""
        with self._writing() as (connection, now):
            for name in names:
                update_task(connection, self.lease.run_id, name, state="cancelled", finished_at=now)
            finish(connection, self.lease, state, error, now)

    def cancelled(self, open_tasks: Sequence[str]) -> None:
        """Records that the run was cancelled."""
        message = "The run was cancelled; published tables are unchanged."
        self.ended_early(open_tasks, "cancelled", {"type": "Cancelled", "message": message, "exit_code": 4})

    def has_succeeded(self) -> bool:
        """Whether the run has published its results."""
        with self.ledger.reading() as connection:
            return bool(run_row(connection, self.lease.run_id).state == "succeeded")

    def run_failed(self, error: dict[str, Any], unused: Sequence[Profile] = (), why: str = "") -> None:
        """Records that the run failed, and the profiles of deliveries that it read but did not use."""
        with self._writing() as (connection, now):
            for profile in unused:
                record_unused(connection, self.lease.run_id, profile, now, why)
            finish(connection, self.lease, "failed", error, now)
