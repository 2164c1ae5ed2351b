"""Documents about models and governance: versions, champions, decisions."""

import json

from sqlalchemy import Connection

from engine.documents.values import Document, moment
from engine.errors import UnusableRequest
from storage.lake.model_store import ModelStore
from storage.ledger.approvals import approvals_by_version
from storage.ledger.decisions import decision_rows
from storage.ledger.models import CHAMPION, alias_rows, anchor, model_by_alias, model_named, model_row, model_rows


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
            "reason_stability": row.summary.get("reason_stability"),
            "promotion": row.summary.get("promotion"),
            "trained_on": row.trained_on,
        }
        for row in rows
        if row is not None
    ]


def model_document(connection: Connection, models: ModelStore, version: str) -> Document:
    """A registered model as in the list of all, with the points tables of its scorecards by candidate.

    Raises UnusableRequest for an unknown version, and UntrustedModel when its metadata is not as it was registered.
    """
    model = model_named(connection, version)
    if model is None:
        raise UnusableRequest(f"There is no model {version!r}; `python -m engine models` lists the versions.")
    metadata = json.loads(models.read(model.files["metadata"]))
    (document,) = models_document(connection, version)
    return {**document, "scorecards": metadata.get("scorecards", {})}


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
