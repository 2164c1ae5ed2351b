"""The end of a run that went well: all it made becomes visible in one transaction, or nothing does."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from engine.deployment import Deployment
from engine.inputs import data_folder
from engine.launch import checked_request
from engine.pipelines import Outcome
from storage.catalog import publish
from storage.registry import AliasEvent, ModelVersion, holder, move_alias, register
from storage.runs import Lease, PipelineActive, finish, governance_runs, request_run, run_row
from storage.schema import decisions

log = logging.getLogger("loanwatch.engine")


@dataclass(frozen=True)
class Origin:
    """An outcome and the run in which its task really ran; effects are applied once for each origin."""

    run_id: str
    outcome: Outcome


def commit(deployment: Deployment, lease: Lease, outcomes: Sequence[tuple[str, Outcome]]) -> None:
    """Publishes tables, registers models and records decisions, if the run still holds its lease; LeaseLost if not."""
    now = deployment.ledger.clock()
    tables = [table for _, outcome in outcomes for table in outcome.tables]
    with deployment.ledger.writing() as connection:
        publish(connection, lease, tables, now)
        for _, outcome in outcomes:
            if outcome.model is not None:
                _register(connection, deployment, lease, outcome.model)
        for origin, outcome in outcomes:
            if outcome.decision is not None:
                request = next((other.request for _, other in outcomes if other.request), None)
                _decide(connection, deployment, Origin(origin, outcome), request)
        finish(connection, lease, "succeeded", None, now)


def _register(connection: Connection, deployment: Deployment, lease: Lease, model: ModelVersion) -> None:
    now = deployment.ledger.clock()
    if register(connection, lease, model, now):
        why = f"newest registered model ({model.model_name}, test AUC {model.summary['test_auc']:.3f})"
        move_alias(connection, AliasEvent(model.version, f"run {lease.run_id}", why, lease.run_id), now)


def _decide(connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any] | None) -> None:
    """Records a governance decision, and requests the run that it asks for, once for the run that came to it."""
    known = select(decisions.c.decision_id).where(decisions.c.run_id == origin.run_id)
    if connection.execute(known).first() is not None or origin.outcome.decision is None:
        return
    decision = origin.outcome.decision
    action, reason, run_id = "none", str(decision["reason"]), None
    if request is not None:
        action, reason, run_id = _retrain(connection, deployment, origin, request)
    connection.execute(
        insert(decisions).values(
            run_id=origin.run_id,
            monitoring_date=run_row(connection, origin.run_id).as_of,
            status=decision["status"],
            numbers=decision["numbers"],
            action=action,
            reason=reason,
            requested_run_id=run_id,
            decided_at=deployment.ledger.clock(),
        )
    )


def _retrain(
    connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any]
) -> tuple[str, str, str | None]:
    """(action, reason, run) of a retraining that the gate asks for."""
    wanted = checked_request(
        deployment,
        request["pipeline"],
        as_of=run_row(connection, origin.run_id).as_of,
        params=_same_book(connection, deployment),
        cause="governance",
        cause_run_id=origin.run_id,
        cause_detail=request["numbers"],
        requested_by="governance gate",
        request_key=f"governance:{origin.run_id}",
    )
    recent = governance_runs(connection, deployment.ledger.clock() - timedelta(days=deployment.settings.cooldown_days))
    if recent:
        days = deployment.settings.cooldown_days
        return (
            "suppressed",
            f"{request['reason']} No run was requested: {recent[0]} was, within {days:g} days.",
            recent[0],
        )
    try:
        run_id = request_run(connection, wanted, deployment.ledger.clock())
    except PipelineActive as active:
        return (
            "suppressed",
            f"{request['reason']} No run was requested: {active.run_id} is already active.",
            active.run_id,
        )
    log.info("the governance gate requested %s", run_id)
    return "requested", str(request["reason"]), run_id


def _same_book(connection: Connection, deployment: Deployment) -> dict[str, Any]:
    """The parameters of a retraining that reads the extracts in use and builds the features of the champion."""
    folder = data_folder(connection, deployment, "monitoring")
    champion = holder(connection)
    same = {"feature_set": champion.summary["feature_set"]} if champion and "feature_set" in champion.summary else {}
    return {**same, "data": folder} if folder else same
