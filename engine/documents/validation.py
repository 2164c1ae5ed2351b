"""The document of a validation: backtest by cohort, segments and expected loss of a monitoring date."""

from datetime import date

from sqlalchemy import Connection

from engine.documents.values import Document
from engine.errors import UnusableRequest
from storage.ledger.runs import recent_runs, success_for
from storage.ledger.tasks import task_rows

TASK = "calculate_monitoring_metrics"


def validation_document(connection: Connection, day: date | None = None) -> Document | None:
    """Backtest, segments and losses of a monitoring date, by default that of the newest monitoring run.

    None before the first monitoring run. Raises UnusableRequest when that date was not monitored, or by an earlier
    release, which kept no validation.
    """
    newest = recent_runs(connection, 1, "monitoring", "succeeded")
    if day is None and not newest:
        return None
    run = newest[0] if day is None else success_for(connection, "monitoring", day)
    if run is None:
        raise UnusableRequest(f"{day} was not monitored; run `python -m engine run monitoring --as-of {day}` first.")
    outcomes = {row.task: row.outcome["outcome"] for row in task_rows(connection, run.run_id) if row.outcome}
    values = outcomes.get(TASK, {}).get("values", {})
    if "validation" not in values:
        advice = f"run `python -m engine run monitoring --as-of {run.as_of} --force`"
        raise UnusableRequest(f"{run.as_of} was monitored by an earlier release, without a backtest; {advice}.")
    version = values["row"]["model_version"]
    return {"monitoring_date": run.as_of.isoformat(), "run_id": run.run_id, "version": version, **values["validation"]}
