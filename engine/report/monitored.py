"""What monitoring knows of a model up to a date: its newest monitoring date, and the history of all champions."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.monitoring import MonitoringRun, monitoring_run_of, thresholds_of_run
from engine.documents.movement import last_healthy
from jobs.governance.breaches import Thresholds
from storage.lake.names import MONITORING
from storage.ledger.catalog import current_versions
from storage.ledger.decisions import decisions_between
from storage.settings import Settings

FIRST = date(1, 1, 1)

Rows = dict[date, dict[str, Any]]


@dataclass(frozen=True)
class Monitored:
    """The rows of the monitoring history by date, of all champions; of the model its newest row and what its run kept.

    `before` is what the run of the model's last healthy date before it kept. `actions` are those of the retraining rule
    by date. `day` is None for a model that was not monitored. `settings` are those of today.
    """

    rows: Rows
    actions: Mapping[date, str]
    settings: Settings
    day: date | None = None
    run: MonitoringRun = field(default_factory=MonitoringRun)
    since: date | None = None
    before: MonitoringRun = field(default_factory=MonitoringRun)

    @property
    def row(self) -> dict[str, Any] | None:
        """The numbers of the model's newest monitoring date."""
        return self.rows[self.day] if self.day else None

    @property
    def thresholds(self) -> Thresholds:
        """The thresholds that the run judged by; of a run of an earlier release, which kept none, those of today."""
        return thresholds_of_run(self.run.values, self.settings)

    @property
    def drift_rows(self) -> int:
        """The loans from which on the run measured drift; where it kept no number, that of today."""
        return int(self.run.values.get("drift_rows", self.settings.drift_rows))

    @property
    def by_settings(self) -> str:
        """That the thresholds are those of today; '' where the run kept its own."""
        return "" if "thresholds" in self.run.values else ", by the settings of today"

    @property
    def validation(self) -> dict[str, Any] | None:
        """Backtest, segments and losses of that date; None where the run kept none."""
        found: dict[str, Any] | None = self.run.values.get("validation")
        return found

    @property
    def frame(self) -> pd.DataFrame:
        """The history as a frame, oldest first, with the action of the retraining rule."""
        return pd.DataFrame([{**row, "action": self.actions.get(day, "")} for day, row in self.rows.items()])


def history_until(connection: Connection, deployment: Deployment, day: date | None) -> Rows:
    """The monitoring rows by date up to a date, or all; {} before the first monitoring run."""
    table = current_versions(connection).get(MONITORING)
    rows = deployment.datamart.read(table).sort_by("monitoring_date").to_pylist() if table else []
    return {row["monitoring_date"]: row for row in rows if day is None or row["monitoring_date"] <= day}


def monitored(connection: Connection, deployment: Deployment, version: str, rows: Rows) -> Monitored:
    """What is known of a model by the monitoring history."""
    decided = decisions_between(connection, FIRST, max(rows, default=FIRST))  # newest first
    actions = {row.monitoring_date: row.action for row in reversed(decided)}
    found = Monitored(rows, actions, deployment.settings)
    day = max((day for day, row in rows.items() if row["model_version"] == version), default=None)
    if day is None:
        return found
    since = last_healthy(rows.values(), day, version)
    before = monitoring_run_of(connection, since) if since else MonitoringRun()
    return replace(found, day=day, run=monitoring_run_of(connection, day), since=since, before=before)
