"""The newest runs of a pipeline as a grid of tasks by runs, with states, durations and the usual ones."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from statistics import median

from sqlalchemy import Connection

from engine.control.trials import is_trial, trial_words
from engine.documents.values import Document, moment, seconds
from storage.db.ledger import LedgerRow
from storage.ledger.run_search import RunFilter, runs_page, states_of_tasks

RUNS = 20


def grid_document(connection: Connection, pipeline: str, limit: int = RUNS) -> Document:
    """Runs, oldest first, and tasks in their order with a cell for each run that has the task.

    The usual duration of a run or task is the median of those that succeeded here; cached tasks and trials do not
    count. It is None without any. `trial` has the words for a run that is a trial, else ''.
    """
    rows = runs_page(connection, limit, RunFilter(pipeline))[::-1]
    cells = states_of_tasks(connection, [row.run_id for row in rows])
    by_task: dict[str, dict[str, LedgerRow]] = {}
    for cell in cells:
        by_task.setdefault(cell.task, {})[cell.run_id] = cell
    official = {row.run_id for row in rows if not is_trial(row)}
    return {
        "pipeline": pipeline,
        "usual_s": _usual([row for row in rows if row.state == "succeeded" and row.run_id in official]),
        "runs": [_run(row) for row in rows],
        "tasks": [_task(name, of_runs, official) for name, of_runs in by_task.items()],
    }


def _run(row: LedgerRow) -> Document:
    return {
        "run_id": row.run_id,
        "state": row.state,
        "as_of": row.as_of.isoformat(),
        "requested_at": moment(row.requested_at),
        "duration_s": seconds(row.started_at, row.finished_at),
        "trial": trial_words(row),
    }


def _task(name: str, of_runs: dict[str, LedgerRow], official: AbstractSet[str]) -> Document:
    done = [row for row in of_runs.values() if row.state == "succeeded" and row.run_id in official]
    return {
        "task": name,
        "usual_s": _usual(done),
        "cells": {
            run_id: {"state": row.state, "duration_s": seconds(row.started_at, row.finished_at)}
            for run_id, row in of_runs.items()
        },
    }


def _usual(rows: Sequence[LedgerRow]) -> float | None:
    times = [took for row in rows if (took := seconds(row.started_at, row.finished_at)) is not None]
    return round(median(times), 3) if times else None
