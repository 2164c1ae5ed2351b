"""What the Drift page shows, read at once: the history of a model and a period, and one monitoring date of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd

from console.app import queries
from console.app.deployment import deployment, ledger
from engine.documents.drift.notes import notes_on
from engine.documents.monitoring import MonitoringRun, monitoring_run_of, thresholds_of_run
from engine.documents.values import Document
from jobs.governance.breaches import Thresholds
from storage.db.ledger import LedgerRow
from storage.lake.names import MONITORING, MONITORING_COHORTS, MONITORING_FEATURES
from storage.ledger.decisions import decisions_between
from storage.ledger.models import ModelVersion, model_named

ALL = "all"  # every champion


@dataclass(frozen=True)
class Filters:
    """What the page shows: a model's version or ALL, the period of monitoring dates, and one date of the period."""

    model: str
    first: date
    last: date
    day: date


@dataclass(frozen=True)
class View:
    """The rows behind the page.

    `history` has the numbers of each date and `action`, the action of the retraining rule.
    `monitoring_version` is the version of the monitoring tables. `cohorts` and `features` are of the date in view,
    `drift` has the features of every monitored date. `notes` are those of the period. `thresholds` are those that
    the date in view was judged by.
    """

    filters: Filters
    row: dict[str, Any]
    history: pd.DataFrame
    cohorts: pd.DataFrame
    features: pd.DataFrame
    drift: pd.DataFrame
    monitoring_run: MonitoringRun
    decision: LedgerRow | None
    champion: str | None
    thresholds: Thresholds
    monitoring_version: str
    notes: Sequence[Document] = ()

    @cached_property
    def identity(self) -> tuple[str, ...]:
        """What every chart of the view depends on, besides the theme."""
        run = (
            self.monitoring_version,
            self.monitoring_run.run_id or "",
            str(self.filters.day),
            self.row["model_version"],
        )
        actions = ",".join(self.history["action"])
        written = ",".join(str(note["id"]) for note in self.notes)
        limits = f"{self.thresholds.auc} {self.thresholds.psi}"
        return (*run, self.filters.model, str(self.filters.first), str(self.filters.last), actions, limits, written)


def view_of(filters: Filters, history: pd.DataFrame) -> View:
    """The view that the filters select from the whole monitoring history, which has a row of their day."""
    published = queries.version_of(MONITORING)
    selected = narrowed(history, filters)
    decisions = _decisions(filters)
    row = _without_nan(history[history["monitoring_date"] == filters.day].to_dict("records")[0])
    features = queries.monitored(MONITORING_FEATURES, filters.day).assign(model_version=row["model_version"])
    champion, run = queries.champion(), monitoring_run(filters.day)
    return View(
        filters,
        row,
        selected.assign(
            action=[decisions[day].action if day in decisions else "" for day in selected["monitoring_date"]]
        ),
        queries.monitored(MONITORING_COHORTS, filters.day).assign(n=lambda rows: rows["labelled"]),
        features.dropna(subset=["csi"]),
        queries.monitoring_features(),
        run,
        decisions.get(filters.day),
        champion.version if champion else None,
        thresholds_of_run(run.values, deployment().settings),
        published.version if published else "",
        notes_of(filters),
    )


def notes_of(filters: Filters) -> list[Document]:
    """The notes of the period, each with what it is `on` in words."""
    with ledger().reading() as connection:
        return notes_on(connection, filters.first, filters.last)


def narrowed(history: pd.DataFrame, filters: Filters) -> pd.DataFrame:
    """The rows of the chosen model and period, in order of their dates."""
    days = history["monitoring_date"]
    rows = history[(days >= filters.first) & (days <= filters.last)]
    if filters.model != ALL:
        rows = rows[rows["model_version"] == filters.model]
    return rows.sort_values("monitoring_date", ignore_index=True)


def monitoring_run(day: date) -> MonitoringRun:
    """The newest run that monitored a date; one without an id if there is none."""
    with ledger().reading() as connection:
        return monitoring_run_of(connection, day)


def reference_of(version: str) -> dict[str, Any]:
    """The baseline that was stored with a model; {} for a model that is not registered."""
    found: dict[str, Any] = metadata_of_version(version).get("reference", {})
    return found


def metadata_of_version(version: str) -> dict[str, Any]:
    """The metadata of a model; {} for a model that is not registered."""
    model = _model(version)
    return queries.metadata_of(model) if model else {}


def _model(version: str) -> ModelVersion | None:
    with ledger().reading() as connection:
        return model_named(connection, version)


def _decisions(filters: Filters) -> dict[date, LedgerRow]:
    """The newest decision about each date of the period."""
    with ledger().reading() as connection:
        newest_first = decisions_between(connection, filters.first, filters.last)
    return {row.monitoring_date: row for row in reversed(newest_first)}


def _without_nan(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The row with None for what is missing."""
    return {name: None if pd.isna(value) else value for name, value in row.items()}
