"""What the Drift page shows, read at once: the history of a model and a period, and one monitoring date of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from console.app import queries
from console.app.deployment import ledger
from jobs.governance.policy import Thresholds
from storage.db.ledger import LedgerRow
from storage.lake.datamart import TableVersion
from storage.lake.names import MONITORING, OUTCOMES
from storage.ledger.catalog import version_of
from storage.ledger.decisions import decisions_between
from storage.ledger.models import ModelVersion, model_named
from storage.ledger.runs import success_for
from storage.ledger.tasks import task_rows

ALL = "all"  # every champion, one after the other


@dataclass(frozen=True)
class Choice:
    """What is looked at: a model's version or ALL, from one monitoring date to another, and one date of these."""

    model: str
    first: date
    last: date
    day: date


@dataclass(frozen=True)
class Measured:
    """The newest run that monitored a date: its id, what its tasks handed on, and its outcomes."""

    run_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    outcomes: TableVersion | None = None


@dataclass(frozen=True)
class View:
    """The rows behind the page; `history` has `action`, what the gate did, beside the numbers of each date.

    `edition` is the version of the monitoring tables that the rows are of; `cohorts` and `features` are of the date in
    view, `drift` are the features of every date of the history.
    """

    choice: Choice
    row: dict[str, Any]
    history: pd.DataFrame
    cohorts: pd.DataFrame
    features: pd.DataFrame
    drift: pd.DataFrame
    measured: Measured
    decision: LedgerRow | None
    champion: str | None
    thresholds: Thresholds
    edition: str

    @property
    def identity(self) -> tuple[str, ...]:
        """What every chart of the view depends on, besides the theme."""
        day = self.edition, self.measured.run_id or "", str(self.choice.day), self.row["model_version"]
        actions = ",".join(self.history["action"])
        limits = f"{self.thresholds.auc} {self.thresholds.psi}"
        return (*day, self.choice.model, str(self.choice.first), str(self.choice.last), actions, limits)


def view_of(choice: Choice, history: pd.DataFrame) -> View:
    """The view of a choice over the whole monitoring history, which has a row of the choice's day."""
    published = queries.version_of(MONITORING)
    shown = narrowed(history, choice)
    days = set(shown["monitoring_date"])
    decided = _decisions(choice)
    drift = queries.monitoring_features()
    drift = drift[drift["monitoring_date"].isin(days)]
    drift = drift.merge(shown[["monitoring_date", "model_version"]], on="monitoring_date")
    cohorts = queries.monitoring_cohorts()
    champion = queries.champion()
    return View(
        choice,
        _plain(history[history["monitoring_date"] == choice.day].to_dict("records")[0]),
        shown.assign(action=[decided[day].action if day in decided else "" for day in shown["monitoring_date"]]),
        cohorts[cohorts["monitoring_date"] == choice.day].assign(n=lambda rows: rows["labelled"]),
        drift[drift["monitoring_date"] == choice.day].dropna(subset=["csi"]),
        drift,
        measured_on(choice.day),
        decided.get(choice.day),
        champion.version if champion else None,
        queries.thresholds(),
        published.version if published else "",
    )


def narrowed(history: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """The rows of the chosen model and period, in order of their dates."""
    days = history["monitoring_date"]
    rows = history[(days >= choice.first) & (days <= choice.last)]
    if choice.model != ALL:
        rows = rows[rows["model_version"] == choice.model]
    return rows.sort_values("monitoring_date", ignore_index=True)


def measured_on(day: date) -> Measured:
    """The newest run that monitored a date; one without id when the ledger knows none."""
    with ledger().reading() as connection:
        run = success_for(connection, "monitoring", day)
        if run is None:
            return Measured()
        outcomes = {row.task: row.outcome["outcome"] for row in task_rows(connection, run.run_id) if row.outcome}
        tables = outcomes.get("fetch_predictions_and_actuals", {}).get("tables", [])
        kept = version_of(connection, OUTCOMES, tables[0]["version"]) if tables else None
    values = outcomes.get("calculate_monitoring_metrics", {}).get("values", {})
    return Measured(run.run_id, values, kept)


def reference_of(version: str) -> dict[str, Any]:
    """The reference that was frozen with a model, {} for one that is not registered."""
    model = _model(version)
    return queries.metadata_of(model)["reference"] if model else {}


def _model(version: str) -> ModelVersion | None:
    with ledger().reading() as connection:
        return model_named(connection, version)


def _decisions(choice: Choice) -> dict[date, LedgerRow]:
    """The newest decision about each date of the period."""
    with ledger().reading() as connection:
        newest_first = decisions_between(connection, choice.first, choice.last)
    return {row.monitoring_date: row for row in reversed(newest_first)}


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The row with None for what is missing."""
    return {name: None if pd.isna(value) else value for name, value in row.items()}
