"""The data of a run's page, read from the ledger in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.app.deployment import deployment, ledger
from console.app.queries import reap_lost_runs, shared
from console.components.times import viewer_zone
from engine.definitions.task import Task
from engine.documents.running.critical_path import (
    Upstream,
    critical_path,
    levels,
    overrun,
    ready_times,
    time_left,
    usual_times,
)
from engine.documents.running.deadline import deadline_of
from engine.documents.running.impact import impact_document
from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.db.schema import ACTIVE_STATES
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.decisions import decision_rows
from storage.ledger.models import ModelVersion, model_made_by
from storage.ledger.operation.notes import notes_on
from storage.ledger.run_search import followers, task_times
from storage.ledger.runs import run_row
from storage.ledger.tasks import LogFilter, attempt_rows, log_tail, task_rows

MOST_ATTEMPTS = 1000
LAST_LINES = 5
STOPPED = "Stopped"  # the type of the error of an attempt that was stopped with its run


@dataclass(frozen=True)
class RunView:
    """A run with its tasks, its attempts, its notes and the runs that it caused, at the time `now`.

    `last_lines` are the end of the log of the task that failed it.
    """

    run: LedgerRow
    tasks: Sequence[LedgerRow]
    attempts: Sequence[LedgerRow]
    followers: Sequence[LedgerRow]
    decision: LedgerRow | None
    model: ModelVersion | None
    cancelled_by: str
    usual: Mapping[str, float]
    impact: Document | None
    deadline: datetime | None
    notes: Sequence[LedgerRow]
    last_lines: Sequence[LedgerRow]
    now: datetime

    @property
    def active(self) -> bool:
        return self.run.state in ACTIVE_STATES

    @property
    def happened(self) -> bool:
        """Whether the run has started or will start. False for a run that ended before its start."""
        return self.active or bool(self.tasks)

    @property
    def names(self) -> list[str]:
        """The tasks of the run; the tasks of its pipeline when it has not started."""
        return [row.task for row in self.tasks] or [task.name for task in self._declared]

    @property
    def upstream(self) -> Upstream:
        """The upstream tasks of each task; none for a task that is not in the pipeline any more."""
        declared = {task.name: task.upstream for task in self._declared}
        names = self.names
        return {name: tuple(each for each in declared.get(name, ()) if each in names) for name in names}

    @property
    def levels(self) -> list[list[str]]:
        return levels(self.upstream)

    @property
    def by_name(self) -> dict[str, LedgerRow]:
        return {row.task: row for row in self.tasks}

    @property
    def ready(self) -> dict[str, datetime]:
        """When each task could begin, where the ledger knows it."""
        declared = {task.name for task in self._declared}
        upstream = {name: direct for name, direct in self.upstream.items() if name in declared}
        return ready_times(upstream, self.tasks, self.run.started_at) if self.run.started_at else {}

    @property
    def critical(self) -> list[str]:
        """The tasks of the critical path that were not cached, first to last."""
        finished = {row.task: row.finished_at for row in self.tasks if row.started_at and row.finished_at}
        worked = {row.task for row in self.attempts}
        return [name for name in critical_path(self.upstream, finished) if name in worked]

    @property
    def time_left(self) -> float | None:
        """Seconds, estimated from past runs; None for a run that has ended, and without an estimate."""
        return time_left(self.upstream, self.tasks, self.usual, self.now) if self.active else None

    @property
    def overrun(self) -> tuple[str, float] | None:
        """The task that exceeds its usual time most, and by how many seconds; None when none does."""
        return overrun(self.tasks, self.usual, self.now) if self.active else None

    @property
    def expected_end(self) -> datetime | None:
        """When a run that has started is expected to end; None without an estimate, and when a task exceeds its own."""
        left = self.time_left
        if left is None or self.run.started_at is None or self.overrun:
            return None
        return self.now + timedelta(seconds=left)

    @property
    def elapsed(self) -> float | None:
        """Seconds from the start of the run to its end or until now; None before the start."""
        if self.run.started_at is None:
            return None
        return float(((self.run.finished_at or self.now) - self.run.started_at).total_seconds())

    def attempt_state(self, attempt: LedgerRow) -> str:
        """The state of an attempt; `cancelled` when it was stopped with its run or task."""
        if attempt.state != "failed" or not attempt.error:
            return str(attempt.state)
        reason = self.run.error["message"] if self.run.error and self.run.state in ("cancelled", "crashed") else None
        ended = attempt.error.get("type") == STOPPED or attempt.error["message"] == reason
        return "cancelled" if ended else "failed"

    @property
    def _declared(self) -> Sequence[Task]:
        pipeline = deployment().pipelines.get(self.run.pipeline)
        return pipeline.tasks if pipeline else ()


def view_of(run_id: str, *, reload: bool = False) -> RunView:
    """The run, at most a second old, so that the page loads it once in a second. Raises UnknownRun."""
    return shared("run", lambda: _current(run_id), of=run_id, reload=reload)


def _current(run_id: str) -> RunView:
    """The current run. A run without a heartbeat is marked as crashed first."""
    view = _read(run_id)
    return _read(run_id) if reap_lost_runs([view.run], view.now) else view


def _read(run_id: str) -> RunView:
    with ledger().reading() as connection:
        run = run_row(connection, run_id)
        cancels = action_page(connection, ActionFilter(action="cancel", subject=run.run_id), 1)
        active, failed = run.state in ACTIVE_STATES, (run.error or {}).get("task")
        return RunView(
            run=run,
            tasks=task_rows(connection, run.run_id),
            attempts=attempt_rows(connection, run.run_id, MOST_ATTEMPTS),
            followers=followers(connection, run.run_id),
            decision=next(iter(decision_rows(connection, 1, run.run_id)), None),
            model=None if active else model_made_by(connection, run.run_id),
            cancelled_by=cancels[0].who if cancels else "",
            usual=usual_times(task_times(connection, run.pipeline)) if active else {},
            impact=impact_document(connection, run, viewer_zone()),
            deadline=deadline_of(deployment(), connection, run),
            notes=notes_on(connection, "run", run.run_id),
            last_lines=log_tail(connection, run.run_id, LogFilter(failed), LAST_LINES) if failed else (),
            now=ledger().now(connection),
        )
