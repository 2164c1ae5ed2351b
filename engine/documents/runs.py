"""What the command line says in JSON, and what its tables are drawn from: plain data read from the ledger."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.errors import UnusableRequest
from storage.db.ledger import LedgerRow
from storage.lake.names import MONITORING, split_name
from storage.ledger.catalog import current_versions, published_rows
from storage.ledger.decisions import decision_rows
from storage.ledger.models import CHAMPION, alias_rows, model_by_alias, model_rows
from storage.ledger.runs import caused_by, recent_runs, run_row
from storage.ledger.tasks import attempt_rows, log_rows, task_rows

Document = dict[str, Any]


def run_document(connection: Connection, run_id: str) -> Document:
    """A run as `run --json` tells it: state, tasks with attempts and rows, and what it made."""
    run = run_row(connection, run_id)
    rows = task_rows(connection, run.run_id)
    return {
        "run_id": run.run_id,
        "pipeline": run.pipeline,
        "state": run.state,
        "as_of": run.as_of.isoformat(),
        "duration_s": seconds(run.started_at, run.finished_at),
        "error": run.error and run.error["message"],
        "tasks": [task_document(row) for row in rows],
        "outputs": outputs(rows),
    }


def run_details(connection: Connection, run_id: str) -> Document:
    """A run as `show --json` tells it: run_document and who asked, why, with what, every attempt, and what followed."""
    run = run_row(connection, run_id)
    values = {row.task: row.outcome["outcome"]["values"] for row in task_rows(connection, run.run_id) if row.outcome}
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
            task: told for task, told in values.items() if task.startswith(("ingest_", "clean_", "remove_"))
        },
    }


def task_document(row: LedgerRow) -> Document:
    """A task as documents tell it."""
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
    """What a run's tasks made: tables with version, rows and digest; the model; reports; the run it asked for."""
    made: Document = {"tables": {}}
    for row in rows:
        outcome = row.outcome["outcome"] if row.outcome else {}
        for table in outcome.get("tables", ()):
            rows_in_table = sum(part["rows"] for part in table["parts"])
            digests = [part["sha256"] for part in table["parts"]]
            made["tables"][table["table"]] = {"version": table["version"], "rows": rows_in_table, "parts": digests}
        if outcome.get("model"):
            made["model"] = outcome["model"]["version"]
        if outcome.get("values", {}).get("report"):
            made["report"] = outcome["values"]["report"]
        if outcome.get("decision"):
            made["decision"] = {key: outcome["decision"][key] for key in ("status", "reason", "retrain")}
    return made


def runs_document(connection: Connection, limit: int, pipeline: str | None, state: str | None) -> list[Document]:
    """The newest runs, newest first."""
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
        }
        for run in recent_runs(connection, limit, pipeline, state)
    ]


def models_document(connection: Connection) -> list[Document]:
    """The registered models, newest first, with their candidates and aliases."""
    champion = model_by_alias(connection)
    return [
        {
            "version": row.version,
            "model_name": row.model_name,
            "aliases": [CHAMPION] if champion and champion.version == row.version else [],
            "created_at": moment(row.created_at),
            "run_id": row.run_id,
            "candidates": row.summary["candidates"],
            "feature_set": row.summary["feature_set"],
            "comparisons": row.summary.get("comparisons", []),
            "promotion": row.summary.get("promotion"),
            "trained_on": row.trained_on,
        }
        for row in model_rows(connection)
    ]


def champion_history(connection: Connection) -> list[Document]:
    """Who was champion since when, and why; the newest event first."""
    return [
        {"version": row.version, "at": moment(row.at), "who": row.who, "why": row.why} for row in alias_rows(connection)
    ]


def decisions_document(connection: Connection, limit: int = 100, run_id: str | None = None) -> list[Document]:
    """What the governance gate decided, what was done about it and why, with the numbers; the newest first."""
    return [
        {
            "monitoring_date": row.monitoring_date.isoformat(),
            "status": row.status,
            "action": row.action,
            "reason": row.reason,
            "requested_run_id": row.requested_run_id,
            "run_id": row.run_id,
            "decided_at": moment(row.decided_at),
            "numbers": row.numbers,
        }
        for row in decision_rows(connection, limit, run_id)
    ]


def tables_document(connection: Connection, deployment: Deployment) -> list[Document]:
    """The published tables with version, rows, bytes, digest, publishing run, and the path that people read."""
    told = []
    for row in published_rows(connection):
        layer, short = split_name(row.table_name)
        path = f"{deployment.datamart.folder.root}/{layer}/{short}.parquet"
        told.append(
            {
                "table": row.table_name,
                "version": row.version,
                "rows": row.rows,
                "bytes": row.bytes,
                "digest": row.digest,
                "run_id": row.run_id,
                "published_at": moment(row.published_at),
                "path": None if layer == "staged" else path,
            }
        )
    return told


def metrics_document(connection: Connection, deployment: Deployment) -> list[Document]:
    """The rows of model_monitoring by date; none before the first monitoring run."""
    table = current_versions(connection).get(MONITORING)
    if table is None:
        return []
    rows: pa.Table = deployment.datamart.read(table)
    return [{**row, "monitoring_date": row["monitoring_date"].isoformat()} for row in rows.to_pylist()]


def log_document(connection: Connection, run_id: str, task: str | None, after: int = 0) -> list[Document]:
    """Lines of a run's log behind line `after`, oldest first; UnusableRequest for a task that the run does not have."""
    run = run_row(connection, run_id)
    names = [row.task for row in task_rows(connection, run.run_id)]
    if task and task not in names:
        raise UnusableRequest(f"Run {run.run_id} has no task {task!r}; it has {', '.join(names) or 'none yet'}.")
    return [
        {"id": row.log_id, "at": moment(row.at), "task": row.task, "level": row.level, "message": row.message}
        for row in log_rows(connection, run.run_id, task, after)
    ]


def seconds(start: datetime | None, end: datetime | None) -> float | None:
    """The time between two moments, None while one is missing."""
    return None if start is None or end is None else round((end - start).total_seconds(), 3)


def moment(at: datetime | None) -> str | None:
    """A moment in ISO 8601, UTC, to the second."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
