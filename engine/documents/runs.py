"""Documents about runs, which `--json` prints and the tables of the command line show."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from engine.control.trials import trial_sentences
from engine.documents.models import decisions_document
from engine.documents.running.folds import Fold, folded
from engine.documents.running.impact import impact_document
from engine.documents.values import Document, moment, seconds
from engine.errors import UnusableRequest
from jobs.accounting.statements import accounts_of, remarks_of
from storage.db.ledger import LedgerRow
from storage.files.folder import FileFacts
from storage.ledger.runs import caused_by, recent_runs, run_row
from storage.ledger.tasks import LogFilter, attempt_rows, count_logs, log_tail, task_rows


def run_document(connection: Connection, run_id: str) -> Document:
    """The document of `run --json`: state, tasks with attempts and rows, and outputs.

    `trial` has sentences on what a trial leaves unchanged; an ordinary run has no such key.
    """
    run = run_row(connection, run_id)
    rows = task_rows(connection, run.run_id)
    return {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "state": run.state,
        "as_of": run.as_of.isoformat(),
        "duration_s": seconds(run.started_at, run.finished_at),
        "error": run.error and run.error["message"],
        **({"trial": trial} if (trial := trial_sentences(run.cause_detail)) else {}),
        "tasks": [task_document(row) for row in rows],
        "outputs": outputs(rows),
    }


def run_details(connection: Connection, run_id: str) -> Document:
    """The document of `show --json`: `run_document` with trigger, parameters, attempts, accounts, follow-up runs."""
    run = run_row(connection, run_id)
    values = values_of(task_rows(connection, run.run_id))
    return {
        **run_document(connection, run.run_id),
        "params": run.params,
        "force": run.force,
        "cause": run.cause,
        "cause_run_id": run.cause_run_id,
        "parent_run_id": run.parent_run_id,
        "led_to": caused_by(connection, run.run_id),
        "decision": next(iter(decisions_document(connection, run_id=run.run_id)), None),
        "requested_by": run.requested_by,
        "requested_at": moment(run.requested_at),
        "started_at": moment(run.started_at),
        "finished_at": moment(run.finished_at),
        "pins": run.snapshot,
        "failure": run.error,
        "impact": impact_document(connection, run),
        "attempts": [
            {
                "task": row.task,
                "part": row.part,
                "attempt": row.attempt,
                "state": row.state,
                "started_at": moment(row.started_at),
                "duration_s": seconds(row.started_at, row.finished_at),
                "error": row.error and row.error["message"],
            }
            for row in attempt_rows(connection, run.run_id)
        ],
        "accounting": {
            task: counts for task, counts in values.items() if task.startswith(("ingest_", "clean_", "remove_"))
        },
        "accounts": [account.as_json() for account in accounts_of(values)],
        "remarks": remarks_of(values),
    }


def tried_again(attempts: Iterable[Document]) -> list[Document]:
    """The failed attempts of a run (of `run_details`) after which there was another one."""
    attempts = list(attempts)
    numbers = {(each["task"], each["part"], each["attempt"]) for each in attempts}
    return [each for each in attempts if each["error"] and (each["task"], each["part"], each["attempt"] + 1) in numbers]


def values_of(rows: Iterable[LedgerRow]) -> dict[str, dict[str, Any]]:
    """The values that the tasks of a run returned, by task. Of a cached task those of the run that computed them."""
    return {row.task: row.outcome["outcome"]["values"] for row in rows if row.outcome}


def task_document(row: LedgerRow) -> Document:
    """The document of a task."""
    return {
        "name": row.task,
        "state": row.state,
        "attempts": row.attempts,
        "rows_in": row.rows_in,
        "rows_out": row.rows_out,
        "duration_s": seconds(row.started_at, row.finished_at),
        "parts": [row.parts_done, row.parts_total],
        "error": row.error and row.error["message"],
        "upstream": row.failed_upstream,
        "cached_from": row.cached_from,
    }


def outputs(rows: Iterable[LedgerRow]) -> Document:
    """The outputs of a run: tables with version, rows and digests, the model, the report, the decision."""
    document: Document = {"tables": {}}
    for row in rows:
        result = row.outcome["outcome"] if row.outcome else {}
        for table in result.get("tables", ()):
            rows_in_table = sum(part["rows"] for part in table["parts"])
            digests = [part["sha256"] for part in table["parts"]]
            document["tables"][table["table"]] = {"version": table["version"], "rows": rows_in_table, "parts": digests}
        if result.get("model"):
            document["model"] = result["model"]["version"]
        if result.get("values", {}).get("report"):
            document["report"] = result["values"]["report"]
        if result.get("decision"):
            document["decision"] = {key: result["decision"][key] for key in ("status", "reason", "retrain")}
    return document


def picture_of(rows: Iterable[LedgerRow]) -> FileFacts | None:
    """The picture that a run drew, its own copy; None when it drew none."""
    drawn = [facts for row in rows if row.outcome for facts in row.outcome["outcome"]["reports"]]
    return FileFacts(**drawn[-1]) if drawn else None


def runs_document(
    connection: Connection, limit: int, pipeline: str | None, state: str | None, *, fold: bool = False
) -> list[Document]:
    """The newest runs, newest first. With `fold`, repeated failures for one reason are one entry with their number."""
    rows = recent_runs(connection, limit, pipeline, state)
    return [
        {
            "run_id": run.run_id,
            "pipeline": run.pipeline,
            "state": run.state,
            "as_of": run.as_of.isoformat(),
            "cause": run.cause,
            "cause_run_id": run.cause_run_id,
            "parent_run_id": run.parent_run_id,
            "requested_at": moment(run.requested_at),
            "duration_s": seconds(run.started_at, run.finished_at),
            "error": run.error and run.error["message"],
            "trial": trial_sentences(run.cause_detail),
            "times": each.count,
            "since": moment(each.oldest.requested_at),
        }
        for each in (folded(rows) if fold else map(Fold, rows))
        for run in (each.newest,)
    ]


def log_document(connection: Connection, run_id: str, task: str | None, limit: int | None, text: str = "") -> Document:
    """The newest lines of a run's log, oldest first, and how many older ones were left out; all for None.

    With `text` only those whose message has it. Raises UnusableRequest for an unknown task.
    """
    run = run_row(connection, run_id)
    names = [row.task for row in task_rows(connection, run.run_id)]
    if task and task not in names:
        raise UnusableRequest(f"Run {run.run_id} has no task {task!r}; it has {', '.join(names) or 'none yet'}.")
    where = LogFilter(task or "", text=text)
    rows = log_tail(connection, run.run_id, where, limit)
    left_out = count_logs(connection, run.run_id, replace(where, before=rows[0].log_id)) if rows else 0
    return {"run_id": run.run_id, "task": task, "left_out": left_out, "lines": _lines(rows)}


def new_lines(connection: Connection, run_id: str, task: str | None, after: int, text: str = "") -> list[Document]:
    """Every line of a run's log with an id above `after`, oldest first; with `text` only those that have it."""
    return _lines(log_tail(connection, run_id, LogFilter(task or "", since=after + 1, text=text), None))


def _lines(rows: Iterable[LedgerRow]) -> list[Document]:
    return [
        {"id": row.log_id, "at": moment(row.at), "task": row.task, "level": row.level, "message": row.message}
        for row in rows
    ]
