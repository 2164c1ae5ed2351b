"""A deployment that has been in use for years: thousands of runs, models and monitoring dates behind the real ones."""

import json
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection, func, insert, select

from engine.deployment import Deployment
from engine.process.identity import this_process
from storage.db.model_tables import alias_events, models
from storage.db.schema import actions, attempts, decisions, logs, runs, slots, tasks
from storage.lake.datamart import TableVersion
from storage.lake.names import MONITORING, MONITORING_COHORTS, MONITORING_FEATURES
from storage.ledger.catalog import current_versions, publish, record_versions
from storage.ledger.leases import claim, finish
from storage.ledger.runs import Request, request_run
from tests.retail import PIPELINES

RUNS, TASKS, MODELS, DAYS = 10_000, 200_000, 1_000, 3 * 365
STATES = ("succeeded",) * 8 + ("failed", "skipped")
MONTHS_SEEN = 24
CHUNK = 5_000


def lengthen(deployment: Deployment) -> None:
    """Adds the history to a deployment that has trained, predicted and monitored."""
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        old = list(_runs(now))
        _insert(connection, runs, old)
        _insert(connection, tasks, _tasks(old))
        _insert(connection, attempts, _attempts(old))
        _insert(connection, logs, _logs(old))
        _insert(connection, models, _models(connection, old))
        _insert(connection, alias_events, _events(connection, now))
        _insert(connection, decisions, _decisions(old))
        _insert(connection, slots, _slots(old))
        _insert(connection, actions, _actions(old))
    _monitoring(deployment)


def _insert(connection: Connection, table: Any, rows: Any) -> None:
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        connection.execute(insert(table), chunk)


def _runs(now: datetime) -> Any:
    """Runs of the three pipelines by turns, the newest some hours ago."""
    for number in range(RUNS):
        pipeline = list(PIPELINES)[number % len(PIPELINES)]
        at = now - timedelta(hours=5 + number * 2.6)
        state = STATES[number % len(STATES)]
        yield {
            "run_id": f"{pipeline}-{at:%Y%m%d-%H%M%S}-{number:04x}",
            "pipeline": pipeline,
            "state": state,
            "as_of": at.date(),
            "params": {},
            "force": False,
            "cause": "schedule",
            "cause_detail": {},
            "requested_by": "scheduler",
            "requested_at": at,
            "started_at": at + timedelta(seconds=1),
            "finished_at": at + timedelta(seconds=61 + number % 30),
            "error": {"type": "InputRejected", "message": "a.csv, line 3: no column x.", "exit_code": 3}
            if state == "failed"
            else None,
            "epoch": 1,
            "snapshot": {},
        }


def _tasks(rows: list[dict[str, Any]]) -> Any:
    """Twenty task rows for each run, those that its pipeline has and more."""
    each = TASKS // RUNS
    for run in rows:
        names = [task.name for task in PIPELINES[run["pipeline"]].tasks]
        for position in range(each):
            begun = run["started_at"] + timedelta(seconds=position * 3)
            yield {
                "run_id": run["run_id"],
                "task": names[position] if position < len(names) else f"{names[0]}_{position}",
                "position": position,
                "state": "succeeded",
                "attempts": 1,
                "started_at": begun,
                "finished_at": begun + timedelta(seconds=3),
            }


def _attempts(rows: list[dict[str, Any]]) -> Any:
    for task in _tasks(rows):
        times = {name: task[name] for name in ("started_at", "finished_at")}
        yield {"run_id": task["run_id"], "task": task["task"], "part": "", "attempt": 1, "state": "succeeded", **times}


def _logs(rows: list[dict[str, Any]]) -> Any:
    for task in _tasks(rows):
        common = {"run_id": task["run_id"], "task": task["task"], "level": "INFO"}
        yield {**common, "at": task["started_at"], "message": "10,000 rows read, 9,990 stored, 10 quarantined"}


def _models(connection: Connection, rows: list[dict[str, Any]]) -> Any:
    """Copies of the newest real model, as trainings of the past would have left them."""
    real = connection.execute(select(models).order_by(models.c.created_at.desc()).limit(1)).one()._asdict()
    trainings = [run for run in rows if run["pipeline"] == "training"][:MODELS]
    for run in trainings:
        at = run["finished_at"]
        yield {**real, "version": f"{at:%Y%m%d_%H%M%S}", "run_id": run["run_id"], "created_at": at}


def _events(connection: Connection, now: datetime) -> Any:
    """One change of champion for each old model; the real one is champion in the end, by its own newest event."""
    newest = connection.execute(select(alias_events).order_by(alias_events.c.event_id.desc()).limit(1)).one()
    old = select(models.c.version, models.c.run_id, models.c.created_at).where(models.c.version != newest.version)
    for row in connection.execute(old.order_by(models.c.created_at)).all():
        told = {"alias": newest.alias, "who": "training", "why": "the best of its training"}
        yield {**told, "version": row.version, "at": row.created_at, "run_id": row.run_id}
    again = {"alias": newest.alias, "who": newest.who, "why": newest.why}
    yield {**again, "version": newest.version, "at": now, "run_id": newest.run_id}


def _decisions(rows: list[dict[str, Any]]) -> Any:
    for run in [run for run in rows if run["pipeline"] == "monitoring"][:DAYS]:
        numbers = {"auc": 0.81, "auc_low": 0.77, "auc_high": 0.85, "labelled": 900, "psi": 0.04, "window_rows": 300}
        common = {"status": "healthy", "action": "none", "reason": "AUC and PSI are within their thresholds."}
        dated = {"monitoring_date": run["as_of"], "decided_at": run["finished_at"]}
        yield {**common, **dated, "run_id": run["run_id"], "numbers": numbers}


def _slots(rows: list[dict[str, Any]]) -> Any:
    for run in rows:
        due = run["requested_at"]
        told = {"outcome": "requested", "reason": "on time", "run_id": run["run_id"], "recorded_at": due}
        yield {"slot": f"{run['pipeline']}@{due:%Y-%m-%dT%H:%M:%S}", "pipeline": run["pipeline"], "due_at": due, **told}


def _actions(rows: list[dict[str, Any]]) -> Any:
    for run in rows:
        yield {"at": run["requested_at"], "who": "analyst", "action": "run", "subject": run["run_id"], "reason": ""}


def _monitoring(deployment: Deployment) -> None:
    """Publishes three years of monitoring rows, the newest real date repeated for each day before it."""
    with deployment.ledger.writing() as connection:
        wanted = Request("monitoring", deployment.today(), "benchmark")
        run_id = request_run(connection, wanted, deployment.ledger.clock())
        lease = claim(connection, run_id, this_process(), deployment.ledger.clock())
        current = current_versions(connection)
    assert lease
    made = []
    for name in (MONITORING, MONITORING_COHORTS, MONITORING_FEATURES):
        real = deployment.datamart.read(current[name])
        rows = real.to_pandas(date_as_object=True)
        newest: date = rows["monitoring_date"].max()
        last = rows[rows["monitoring_date"] == newest].tail(MONTHS_SEEN)
        days = [last.assign(monitoring_date=newest - timedelta(days=back)) for back in range(DAYS - 1, -1, -1)]
        table = pa.Table.from_pandas(pd.concat(days), real.schema, preserve_index=False)
        made.append(TableVersion(name, run_id, (deployment.datamart.write(name, run_id, 0, [table]),)))
    with deployment.ledger.writing() as connection:
        record_versions(connection, lease, made, deployment.ledger.clock())
        publish(connection, lease, made, deployment.ledger.clock())
        finish(connection, lease, "succeeded", None, deployment.ledger.clock())


def sizes(deployment: Deployment) -> str:
    """How much there is, as JSON."""
    with deployment.ledger.reading() as connection:
        found = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (runs, tasks, attempts, logs, models, decisions, slots, actions)
        }
    return json.dumps(found)
