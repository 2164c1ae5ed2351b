"""A replay of history: for each date, the runs that operation would have made, with only the data known then.

Every step is an ordinary run, executed in this process: cached, leased and published like any other. Progress is read
from the ledger, so the same replay resumes where it stopped.
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
from engine.definitions.task import settings_of
from engine.deployment import Deployment
from engine.documents.values import Document
from engine.errors import EngineError, Refused
from engine.execution.execute import execute_run
from engine.execution.executors import Executor
from engine.process.registry import alive
from jobs.book.digest import digest
from storage.db.ledger import LedgerRow
from storage.lake.extracts import source_files
from storage.ledger.decisions import decision_for
from storage.ledger.models import model_by_alias
from storage.ledger.runs import caused_by, newest_success, replay_mark, run_row

Progress = Callable[[str], None]


class ReplayStopped(EngineError):
    """A replay that ended before its last date. The same command resumes it."""

    def __init__(self, day: date, why: str, state: str = "failed", exit_code: int = 1) -> None:
        super().__init__(f"The replay stopped at {day}: {why} Repeat the command to resume.")
        self.state, self.exit_code = state, exit_code


@dataclass(frozen=True)
class Plan:
    """What to replay: the dates, those with a scheduled training, and the folder of extracts.

    `mark` is a digest of the extracts and everything else that the decisions depend on; all runs carry it.
    """

    dates: tuple[date, ...]
    trainings: frozenset[date]
    data: str
    mark: str


def planned(deployment: Deployment, dates: Sequence[date], data: str, train_every: Stride | None = None) -> Plan:
    """The plan of a replay of these dates, in order; ExtractMissing when a dataset is not in the folder.

    The calendar counts from the first date on; a training is due at the first of the dates on or after each of its own.
    """
    calendar = train_every.dates(dates[0], dates[-1]) if train_every else ()
    due = [next((day for day in dates if day >= each), None) for each in calendar]
    names = sorted(
        {name for pipeline in deployment.pipelines.values() for name in settings_of(pipeline)} | {"cooldown_days"}
    )
    content = {
        "book": digest(deployment.book),
        "extracts": {
            name: [file.sha256 for file in source_files(deployment.ledger, data, name)]
            for name in deployment.book.by_dataset
        },
        "settings": {name: str(getattr(deployment.settings, name)) for name in names},
        "calendar": f"{train_every} from {dates[0]}" if train_every else "",
    }
    mark = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
    return Plan(tuple(dates), frozenset(day for day in due if day), data, mark)


def refuse_beside_processes(deployment: Deployment) -> None:
    """Refused (exit code 5) while a worker or a scheduler is running: their runs would mix with the replay's."""
    for kind in ("worker", "scheduler"):
        if alive(deployment, kind):
            raise Refused(
                f"A replay executes its runs itself, and a {kind} is running that would run others in between; "
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
        """A row for each date as soon as it is done (`row_about`), now or by an earlier replay.

        Refused where history can't be replayed; ReplayStopped when a run fails, or when no model could be trained at
        any date.
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
        """Runs what operation would have run at a date: a training when it is due, then inference and monitoring."""
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
        """Runs the training that the gate requested at a date, unless a later date was run since."""
        with self._deployment.ledger.reading() as connection:
            newest, decision = newest_success(connection), decision_for(connection, day)
            if decision is None or decision.action != "requested" or (newest and newest.as_of > day):
                return
            asked = _last_of(connection, decision.requested_run_id)
        if asked.state == "queued":
            self._execute(asked.run_id, day)
        elif asked.state != "succeeded" and not lacks_outcomes(asked) and replay_mark(asked):
            more = {"cause_run_id": decision.run_id, "parent_run_id": asked.run_id}
            self._run("training", day, why="gate", **more)

    def _run(self, pipeline: str, day: date, why: str = "", **more: Any) -> None:
        detail = {"replay": self._plan.mark, **({"why": why} if why else {})}
        params = {"data": self._plan.data}
        wanted = checked_request(
            self._deployment, pipeline, day, params=params, cause="replay", cause_detail=detail, **more
        )
        self._execute(requested(self._deployment, wanted, anything=False), day)

    def _execute(self, run_id: str, day: date) -> None:
        """Executes a run; ReplayStopped unless it succeeds, or is a training without enough known outcomes."""
        with self._deployment.ledger.reading() as connection:
            self._progress(f"{day} {run_row(connection, run_id).pipeline}")
        state = execute_run(self._deployment, run_id, self._executor)
        with self._deployment.ledger.reading() as connection:
            run = run_row(connection, run_id)
        if state != "succeeded" and not (run.pipeline == "training" and lacks_outcomes(run)):
            error = run.error or {}
            why = f"{run_id} {state}: {error.get('message', 'the cause is unknown.')}"
            raise ReplayStopped(day, why, state, int(error.get("exit_code", 1)))


def _last_of(connection: Any, run_id: str) -> LedgerRow:
    """The newest of the runs that resumed a requested one, or that one itself."""
    later = caused_by(connection, run_id)
    return _last_of(connection, later[-1]) if later else run_row(connection, run_id)
