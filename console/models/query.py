"""What the Models page reads of the registry, each with a limit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from console.app import queries
from console.app.deployment import deployment, ledger
from engine.documents.champions.changes import champion_changes
from engine.documents.drift.notes import notes_on
from engine.documents.values import Document
from storage.db.ledger import LedgerRow
from storage.errors import LoanwatchError
from storage.ledger.approvals import Approval, approvals_by_version
from storage.ledger.decisions import decision_days
from storage.ledger.models import (
    ModelVersion,
    anchor,
    champions,
    model_by_alias,
    model_count,
    model_names,
    model_row,
    model_rows,
)
from storage.ledger.runs import newest_success, run_row

PAGE = 50
CHOICES = 1000  # versions that a selectbox offers
MOST_CHECKS = 400  # monitoring dates on the timeline
MOST_OTHERS = 200  # newest models that are looked through for those that were not promoted

Metrics = dict[str, Any]  # numbers, and under `not_in_arrears` and `in_arrears` those of these loans


@dataclass(frozen=True)
class RegistryPage:
    """A page of the registry: its rows, the count of all models, the versions of champion and anchor, the approvals."""

    rows: Sequence[LedgerRow]
    count: int
    champion: str | None
    anchor: str | None
    approvals: Mapping[str, Approval]


@dataclass(frozen=True)
class Timeline:
    """The changes of the champion, newest first; monitoring dates (date, status, reason) and models that were not
    promoted (date, version); the last logical date that anything is known of; and the notes up to it.
    """

    changes: list[Document]
    checks: pd.DataFrame
    others: pd.DataFrame
    last: date
    notes: Sequence[Document]


@dataclass(frozen=True)
class ModelView:
    """One version: its registry row, its metadata, the parameters of the run that trained it, and its approval.

    The metadata is {} when its file is damaged; `damage` is the reason then.
    """

    row: LedgerRow
    metadata: dict[str, Any]
    damage: str
    params: dict[str, Any]
    approval: Approval | None = None

    @property
    def version(self) -> str:
        return str(self.row.version)

    @property
    def details(self) -> dict[str, Any]:
        """The registry's summary, updated by the metadata; the summary alone when the file is damaged.

        The verdict is the registry's: a champion that changed during the run makes it negative after the metadata.
        """
        verdict = {"promotion": self.row.summary["promotion"]} if "promotion" in self.row.summary else {}
        return {**self.row.summary, **self.metadata, **verdict}

    @property
    def metrics(self) -> Metrics:
        """The metrics of the selected candidate; empty when there are none."""
        return selected_metrics(self.details, self.row.model_name)


def registry_page(page: int) -> RegistryPage:
    """Page `page` (from 1) of the registry, newest first."""
    with ledger().reading() as connection:
        champion, chosen = model_by_alias(connection), anchor(connection)
        return RegistryPage(
            model_rows(connection, PAGE, (page - 1) * PAGE),
            model_count(connection),
            champion.version if champion else None,
            chosen.version if chosen else None,
            approvals_by_version(connection),
        )


def version_count() -> int:
    """How many models are registered."""
    with ledger().reading() as connection:
        return model_count(connection)


def version_names() -> list[str]:
    """The newest versions, newest first."""
    with ledger().reading() as connection:
        return model_names(connection, CHOICES)


def model_view(version: str) -> ModelView | None:
    """The version of that name; None when there is none."""
    with ledger().reading() as connection:
        row = model_row(connection, version)
        if row is None:
            return None
        params = dict(run_row(connection, row.run_id).params)
        approval = approvals_by_version(connection).get(version)
    try:
        return ModelView(row, queries.metadata_of(queries.model_of_row(row)), "", params, approval)
    except (LoanwatchError, KeyError) as error:
        return ModelView(row, {}, str(error), params, approval)


def last_champions() -> list[ModelVersion]:
    """The champion and the one before it, as far as there are any."""
    with ledger().reading() as connection:
        return champions(connection, limit=2)


def anchor_version() -> str | None:
    """The version that every new model must not be worse than by more than the margin; None without a champion."""
    with ledger().reading() as connection:
        found = anchor(connection)
    return found.version if found else None


def approvals() -> Mapping[str, Approval]:
    """The newest request for approval of each version, decided or not."""
    with ledger().reading() as connection:
        return approvals_by_version(connection)


def champion_timeline() -> Timeline:
    """The changes of the champion, and what stands beside them on the timeline."""
    zone = deployment().settings.zone
    with ledger().reading() as connection:
        changes = champion_changes(connection, zone)
        checks = decision_days(connection, MOST_CHECKS)
        newest = newest_success(connection)
        rows = model_rows(connection, MOST_OTHERS) if changes else []
        days = [date.fromisoformat(changes[0]["day"])] if changes else []
        days += [*(row.monitoring_date for row in checks[:1]), *([newest.as_of] if newest else [])]
        last = max(days, default=deployment().today())
        first = date.fromisoformat(changes[-1]["day"]) if changes else last
        notes = notes_on(connection, first, last)
    promoted = {change["version"] for change in changes}
    others = [(row.summary.get("as_of"), row.version) for row in rows if row.version not in promoted]
    return Timeline(
        changes,
        pd.DataFrame(
            [(row.monitoring_date.isoformat(), row.status, row.reason) for row in checks],
            columns=["date", "status", "reason"],
        ),
        pd.DataFrame([one for one in others if one[0]], columns=["date", "version"]),
        last,
        notes,
    )


def changes_of_champion() -> list[Document]:
    """The changes of the champion with what led to each, newest first."""
    with ledger().reading() as connection:
        return champion_changes(connection, deployment().settings.zone)


def auc_threshold(details: dict[str, Any]) -> float:
    """The minimum test AUC of the model's promotion test; the deployment's setting when there was no test."""
    verdict = details.get("promotion") or {}
    return float(verdict.get("threshold") or deployment().settings.auc_threshold)


def selected_metrics(details: dict[str, Any], model_name: str) -> Metrics:
    """The metrics of the selected candidate; empty when there are none."""
    metrics: Metrics = details.get("candidates", {}).get(model_name, {})
    return metrics
