"""A replay of past dates: for each date, the runs of normal operation, with the data that was known then.

Every step is a normal run, executed in this process: cached, leased and published like any other. Progress is read from
the ledger, so the same replay continues where it stopped.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.backfill.history import NO_MODEL, OWN_HOME, dates_done, ended_trainings, lacks_outcomes, row_about
from engine.backfill.strides import Stride
from engine.control.runs import checked_request, reap_stale_runs, requested
from engine.deployment import Deployment
from engine.documents.values import Document
from engine.errors import EngineError, Refused
from engine.execution.execute import execute_run
from engine.execution.executors import Executor
from engine.process.registry import alive
from engine.process.run_settings import setting_names
from jobs.book.digest import digest
from storage.db.ledger import LedgerRow
from storage.lake.extracts import source_files
from storage.ledger.decisions import decision_for
from storage.ledger.models import model_by_alias
from storage.ledger.runs import caused_by, newest_success, replay_mark, run_row

Progress = Callable[[str], None]


class ReplayStopped(EngineError):
    """A replay ended before its last date. The same command continues it."""

    def __init__(self, day: date, reason: str, state: str = "failed", exit_code: int = 1) -> None:
        super().__init__(f"The replay stopped at {day}: {reason} Repeat the command to continue.")
        self.state, self.exit_code = state, exit_code


@dataclass(frozen=True)
class Plan:
    """A replay: its dates, the dates with a scheduled training, and the folder of extracts.

    `mark` is a digest of the extracts and of all other inputs of the decisions. It is stored with every run.
    """

    dates: tuple[date, ...]
    trainings: frozenset[date]
    data: str
    mark: str


def planned(deployment: Deployment, dates: Sequence[date], data: str, train_every: Stride | None = None) -> Plan:
    """The plan of a replay of these dates, in order. Raises ExtractMissing when a dataset is not in the folder.

    The training calendar starts at the first date. A training is due at the first replayed date on or after each
    calendar date.
    """
    calendar = train_every.dates(dates[0], dates[-1]) if train_every else ()
    due = [next((day for day in dates if day >= each), None) for each in calendar]
    content = {
        "book": digest(deployment.book),
        "extracts": {
            name: [file.sha256 for file in source_files(deployment.ledger, data, name)]
            for name in deployment.book.by_dataset
        },
        "settings": {name: str(getattr(deployment.settings, name)) for name in sorted(setting_names(deployment))},
        "calendar": f"{train_every} from {dates[0]}" if train_every else "",
    }
    mark = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    return Plan(tuple(dates), frozenset(day for day in due if day), data, mark)


def refuse_beside_processes(deployment: Deployment) -> None:
    """Raises Refused (exit code 5) while a worker or a scheduler is running, which would execute other runs."""
    for kind in ("worker", "scheduler"):
        if alive(deployment, kind):
            raise Refused(
                f"A replay can't run while a {kind} is running, which would execute other runs; "
                f"stop the {kind}, or {OWN_HOME}."
            )


class Replay:
    """Executes a plan. `progress` is called with each step."""

    def __init__(
        self, deployment: Deployment, plan: Plan, executor: Executor, progress: Progress = lambda _: None
    ) -> None:
        self._deployment = deployment
        self._plan = plan
        self._executor = executor
        self._progress = progress

    def rows(self) -> Iterator[Document]:
        """The row of each date (`row_about`), as soon as this or an earlier replay has done it.

        Raises Refused for a date that can't be replayed, and ReplayStopped when a run fails or when no model could be
        trained at any date.
        """
        reap_stale_runs(self._deployment)
        with self._deployment.ledger.reading() as connection:
            done = dates_done(connection, self._plan.dates, self._plan.mark)
        row: Document = {}
        for day in self._plan.dates:
            if day not in done:
                self._replay_date(day)
            self._run_requested_training(day)
            with self._deployment.ledger.reading() as connection:
                row = row_about(connection, day)
            yield row
        if row["status"] == NO_MODEL:
            raise ReplayStopped(
                self._plan.dates[-1], f"no model could be trained ({row['reason']}) Choose a later --to."
            )

    def _replay_date(self, day: date) -> None:
        """Executes the runs of a date: a training when it is due, then inference and monitoring."""
        with self._deployment.ledger.reading() as connection:
            trained, champion = ended_trainings(connection, day), model_by_alias(connection)
        if not trained and (champion is None or day in self._plan.trainings):
            self._run("training", day, why="calendar" if champion else "first")
            with self._deployment.ledger.reading() as connection:
                champion = model_by_alias(connection)
        if champion is not None:
            self._run("inference", day)
            self._run("monitoring", day)

    def _run_requested_training(self, day: date) -> None:
        """Executes the training that the gate requested at a date, unless a later date was run already."""
        with self._deployment.ledger.reading() as connection:
            newest, decision = newest_success(connection), decision_for(connection, day)
            if decision is None or decision.action != "requested" or (newest and newest.as_of > day):
                return
            training = _last_of(connection, decision.requested_run_id)
        if training.state == "queued":
            self._execute(training.run_id, day)
        elif training.state != "succeeded" and not lacks_outcomes(training) and replay_mark(training):
            more = {"cause_run_id": decision.run_id, "parent_run_id": training.run_id}
            self._run("training", day, why="gate", **more)

    def _run(self, pipeline: str, day: date, why: str = "", **more: Any) -> None:
        detail = {"replay": self._plan.mark, **({"why": why} if why else {})}
        params = {"data": self._plan.data}
        new = checked_request(
            self._deployment, pipeline, day, params=params, cause="replay", cause_detail=detail, **more
        )
        self._execute(requested(self._deployment, new, any_queued=False), day)

    def _execute(self, run_id: str, day: date) -> None:
        """Executes a run. Raises ReplayStopped unless it succeeds or is a training without enough known outcomes."""
        with self._deployment.ledger.reading() as connection:
            self._progress(f"{day} {run_row(connection, run_id).pipeline}")
        state = execute_run(self._deployment, run_id, self._executor)
        with self._deployment.ledger.reading() as connection:
            run = run_row(connection, run_id)
        if state != "succeeded" and not (run.pipeline == "training" and lacks_outcomes(run)):
            error = run.error or {}
            reason = f"{run_id} {state}: {error.get('message', 'the cause is unknown.')}"
            raise ReplayStopped(day, reason, state, int(error.get("exit_code", 1)))


def _last_of(connection: Any, run_id: str) -> LedgerRow:
    """The newest run that resumed a requested run, or the requested run."""
    later = caused_by(connection, run_id)
    return _last_of(connection, later[-1]) if later else run_row(connection, run_id)
