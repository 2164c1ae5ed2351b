"""Documents about models and governance: versions, champions, decisions, and what smaller feature sets cost."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from engine.documents.values import Document, moment
from engine.errors import UnusableRequest
from jobs.book.declaration import Book
from jobs.modelling.promotion.sets import BEST
from jobs.statistics.rounding import signed
from storage.lake.model_store import ModelStore
from storage.ledger.approvals import approvals_by_version
from storage.ledger.decisions import decision_rows
from storage.ledger.models import (
    CHAMPION,
    alias_rows,
    anchor,
    model_by_alias,
    model_comparisons,
    model_named,
    model_row,
    model_rows,
)

NEWEST_MODELS = 50  # in which a comparison of feature sets is looked for


def models_document(connection: Connection, version: str = "") -> list[Document]:
    """The registered models, newest first, or the one of that version, with candidates, aliases and approval."""
    champion, chosen, approvals = model_by_alias(connection), anchor(connection), approvals_by_version(connection)
    rows = [model_row(connection, version)] if version else model_rows(connection)
    return [
        {
            "version": row.version,
            "model_name": row.model_name,
            "aliases": [CHAMPION] if champion and champion.version == row.version else [],
            "anchor": chosen is not None and chosen.version == row.version,
            "approval": approvals[row.version].as_json() if row.version in approvals else None,
            "created_at": moment(row.created_at),
            "run_id": row.run_id,
            "candidates": row.summary["candidates"],
            "feature_set": row.summary["feature_set"],
            "comparisons": row.summary.get("comparisons", []),
            "cut_off": row.summary.get("cut_off"),
            "importance": row.summary.get("importance", []),
            "importance_loans": row.summary.get("importance_loans"),
            "importance_loans_not_in_arrears": row.summary.get("importance_loans_not_in_arrears"),
            "reason_stability": row.summary.get("reason_stability"),
            "promotion": row.summary.get("promotion"),
            "trained_on": row.trained_on,
        }
        for row in rows
        if row is not None
    ]


def model_document(connection: Connection, models: ModelStore, version: str) -> Document:
    """A registered model as in the list of all, with hyperparameters and points tables of scorecards by candidate, and
    `fits`: what was fitted in the place of candidates because there were many train rows.

    Raises UnusableRequest for an unknown version, and UntrustedModel when its metadata is not as it was registered.
    """
    model = model_named(connection, version)
    if model is None:
        raise UnusableRequest(f"There is no model {version!r}; `python -m engine models` lists the versions.")
    metadata = json.loads(models.read(model.files["metadata"]))
    (document,) = models_document(connection, version)
    return {**document, **{name: metadata.get(name, {}) for name in ("scorecards", "hyperparameters", "fits")}}


def champion_history(connection: Connection) -> list[Document]:
    """The champions with date, user and reason, newest first."""
    return [
        {"version": row.version, "at": moment(row.at), "who": row.who, "why": row.why} for row in alias_rows(connection)
    ]


def decisions_document(connection: Connection, limit: int = 100, run_id: str | None = None) -> list[Document]:
    """The decisions of the governance gate with action, reason and numbers, newest first."""
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


def left_out_costs(connection: Connection, book: Book) -> list[Document]:
    """For each smaller feature set of the book what leaving its features out costs, as the newest model measured it.

    `feature_set`, `left_out`, and `version` and `comparison` (see `set_comparisons`; of the best candidates of both
    sets), which are None until a training on every feature set measured it.
    """
    rows = model_comparisons(connection, NEWEST_MODELS) if book.smaller_sets else []
    best = [(version, one) for version, compared in rows for one in compared if one["compared"] == BEST]
    costs = []
    for name, names in book.smaller_sets.items():
        about = (
            (version, one) for version, one in best if (one.get("left_out"), one.get("added")) == (list(names), [])
        )
        version, comparison = next(about, (None, None))
        costs.append({"feature_set": name, "left_out": list(names), "version": version, "comparison": comparison})
    return costs


def cost_in_words(cost: Mapping[str, Any], every_set: str, plain_name: Callable[[str], str] = str) -> str:
    """What leaving features out costs in a sentence, or how to measure it; `every_set` is the word for every set."""
    names, comparison = ", ".join(map(plain_name, cost["left_out"])), cost["comparison"]
    if comparison is None or comparison["difference"] is None:
        return (
            f"What leaving {names} out costs (feature set {cost['feature_set']}) is not measured yet: "
            f"`python -m engine run training --param feature_set={every_set}` measures it."
        )
    apart = comparison["not_in_arrears"]
    others = (
        f", and by {_change(apart)} on those not in arrears at scoring" if apart and apart["low"] is not None else ""
    )
    return (
        f"Without {names} (feature set {cost['feature_set']}) the AUC of the best candidate changes by "
        f"{_change(comparison)} on {comparison['n']:,} test loans{others}, as measured with model {cost['version']}."
    )


def _change(found: Mapping[str, Any]) -> str:
    sure = "" if found["low"] is None else f" (95% interval {signed(found['low'])} to {signed(found['high'])})"
    return f"{signed(found['difference'])}{sure}"
