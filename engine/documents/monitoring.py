"""What the run of a monitoring date kept: the values of its metrics, and its outcomes loan by loan."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection

from jobs.governance.breaches import Thresholds
from jobs.statistics.drift import MODERATE
from storage.lake.datamart import TableVersion
from storage.lake.names import OUTCOMES
from storage.ledger.catalog import version_of
from storage.ledger.runs import success_for
from storage.ledger.tasks import task_rows
from storage.settings import Settings

METRICS_TASK = "calculate_monitoring_metrics"


@dataclass(frozen=True)
class MonitoringRun:
    """The newest run that monitored a date: its id, the values of its monitoring task, and its outcomes."""

    run_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    outcomes: TableVersion | None = None


def monitoring_run_of(connection: Connection, day: date) -> MonitoringRun:
    """The newest run that monitored a date; one without an id if there is none."""
    run = success_for(connection, "monitoring", day)
    if run is None:
        return MonitoringRun()
    outcomes = {row.task: row.outcome["outcome"] for row in task_rows(connection, run.run_id) if row.outcome}
    tables = outcomes.get("fetch_predictions_and_actuals", {}).get("tables", [])
    kept = version_of(connection, OUTCOMES, tables[0]["version"]) if tables else None
    values = outcomes.get(METRICS_TASK, {}).get("values", {})
    return MonitoringRun(run.run_id, values, kept)


def thresholds_of_settings(settings: Settings) -> Thresholds:
    """The thresholds of the retraining rule."""
    psi = settings.psi_threshold
    return Thresholds(settings.auc_threshold, psi, min(MODERATE, psi), settings.auc_least_defaults)


def thresholds_of_run(values: Mapping[str, Any], settings: Settings) -> Thresholds:
    """The thresholds that a monitoring run judged by; those of today where it kept none, as earlier releases did."""
    kept = values.get("thresholds")
    return Thresholds(**kept) if kept else thresholds_of_settings(settings)
