"""What the Models page reads of the registry, each with a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from console.app import queries
from console.app.deployment import deployment, ledger
from storage.db.ledger import LedgerRow
from storage.errors import LoanwatchError
from storage.ledger.models import (
    ModelVersion,
    alias_rows,
    champions,
    model_by_alias,
    model_count,
    model_names,
    model_row,
    model_rows,
)
from storage.ledger.runs import run_row

PAGE = 50
CHOICES = 1000  # versions that a list to choose from offers
EVENTS = 100


@dataclass(frozen=True)
class Registry:
    """A page of the registry: its rows, how many models there are in all, and which of them is champion."""

    rows: Sequence[LedgerRow]
    count: int
    champion: str | None

    @property
    def pages(self) -> int:
        return max(1, -(-self.count // PAGE))


@dataclass(frozen=True)
class Chosen:
    """One version: its row, its metadata ({} when the file can't be trusted, `damage` then says why), its settings."""

    row: LedgerRow
    metadata: dict[str, Any]
    damage: str
    params: dict[str, Any]

    @property
    def version(self) -> str:
        return str(self.row.version)

    @property
    def told(self) -> dict[str, Any]:
        """The metadata over the registry's summary, which alone is left when the file can't be trusted."""
        return {**self.row.summary, **self.metadata}


def registry(page: int) -> Registry:
    """Page `page` (from 1) of the registry, newest first."""
    with ledger().reading() as connection:
        present = model_by_alias(connection)
        return Registry(
            model_rows(connection, PAGE, (page - 1) * PAGE),
            model_count(connection),
            present.version if present else None,
        )


def names() -> list[str]:
    """The newest versions, newest first."""
    with ledger().reading() as connection:
        return model_names(connection, CHOICES)


def chosen(version: str) -> Chosen | None:
    """The version of that name; None when there is none."""
    with ledger().reading() as connection:
        row = model_row(connection, version)
        if row is None:
            return None
        params = dict(run_row(connection, row.run_id).params)
    try:
        return Chosen(row, queries.metadata_of(queries.model_of_row(row)), "", params)
    except (LoanwatchError, KeyError) as error:
        return Chosen(row, {}, str(error), params)


def succession() -> list[ModelVersion]:
    """The present champion and the one before it, as far as there are any."""
    with ledger().reading() as connection:
        return champions(connection, limit=2)


def events(version: str | None = None) -> Sequence[LedgerRow]:
    """The newest events that made a model champion, newest first; of one version when it is named."""
    with ledger().reading() as connection:
        return alias_rows(connection, limit=EVENTS, version=version)


def threshold(told: dict[str, Any]) -> float:
    """The AUC below which this model was not to be promoted; the deployment's when its training judged nothing."""
    verdict = told.get("promotion") or {}
    return float(verdict.get("threshold") or deployment().settings.auc_threshold)


def best(told: dict[str, Any], model_name: str) -> dict[str, float | None]:
    """The numbers of the chosen candidate; empty when there are none."""
    found: dict[str, float | None] = told.get("candidates", {}).get(model_name, {})
    return found
