"""The end of a successful run: everything it made becomes visible in one transaction, or nothing does."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.control.extract_folder import folder_for
from engine.control.runs import checked_request
from engine.deployment import Deployment
from jobs.governance.retraining import Past, Step, next_step
from jobs.job import TaskResult
from storage.ledger.catalog import publish
from storage.ledger.decisions import GovernanceDecision, is_decided, past_decisions, record_decision
from storage.ledger.leases import Lease, finish
from storage.ledger.models import AliasEvent, ModelVersion, model_by_alias, move_alias, register
from storage.ledger.runs import PipelineActive, caused_by, replay_mark, request_run, run_row

log = logging.getLogger("loanwatch.engine")


@dataclass(frozen=True)
class Origin:
    """A task's result and the run that computed it; effects are applied once per origin."""

    run_id: str
    outcome: TaskResult


def commit(deployment: Deployment, lease: Lease, outcomes: Sequence[tuple[str, TaskResult]]) -> None:
    """Publishes tables, registers models and records decisions; LeaseLost when the run no longer holds its lease."""
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
    """Registers a model, and makes it champion if its verdict says so and compares it with the present champion."""
    now, present = deployment.ledger.clock(), model_by_alias(connection)
    checked = _with_valid_verdict(model, present.version if present else None)
    if register(connection, lease, checked, now) and checked.promotion["promote"]:
        why = str(checked.promotion["reason"])
        move_alias(connection, AliasEvent(model.version, f"run {lease.run_id}", why, lease.run_id), now)


def _with_valid_verdict(model: ModelVersion, present: str | None) -> ModelVersion:
    """The model; its verdict is withdrawn when another champion was chosen during the run."""
    verdict = model.promotion
    if not verdict["promote"] or verdict["champion"] == present:
        return model
    reason = (
        f"Not promoted: it was compared while {verdict['champion'] or 'none'} was champion, and meanwhile {present} "
        "became champion; run training again to compare it with that one, or promote it by hand."
    )
    return replace(model, summary={**model.summary, "promotion": {**verdict, "promote": False, "reason": reason}})


def _decide(connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any] | None) -> None:
    """Records a governance decision and requests the run that it asks for, once per run that computed the decision."""
    found = origin.outcome.decision
    if found is None or is_decided(connection, origin.run_id):
        return
    day = run_row(connection, origin.run_id).as_of
    step = Step("none", str(found["reason"]))
    if request is not None:
        step = next_step(day, request["reason"], _history(connection, day), deployment.settings.cooldown_days)
        if step.action == "requested":
            step = _requested(connection, deployment, origin, request)
        log.info("governance of %s: %s. %s", day, step.action, step.reason)
    decision = GovernanceDecision(
        run_id=origin.run_id,
        monitoring_date=day,
        status=found["status"],
        numbers=found["numbers"],
        action=step.action,
        reason=step.reason,
        requested_run_id=step.run_id,
    )
    record_decision(connection, decision, deployment.ledger.clock())


def _history(connection: Connection, day: date) -> list[Past]:
    """The decisions up to a monitoring date; a retraining that was cancelled for good counts as not requested."""
    return [
        Past(
            row.monitoring_date,
            row.status,
            "none" if row.state == "cancelled" and not _is_resumed(connection, row.requested_run_id) else row.action,
            row.requested_run_id,
        )
        for row in past_decisions(connection, day)
    ]


def _is_resumed(connection: Connection, run_id: str) -> bool:
    """Whether another run resumed a cancelled one and was not cancelled itself."""
    later = caused_by(connection, run_id)
    return any(run_row(connection, each).state != "cancelled" or _is_resumed(connection, each) for each in later)


def _requested(connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any]) -> Step:
    """The requested retraining, or the active run of the pipeline instead."""
    monitoring = run_row(connection, origin.run_id)
    wanted = checked_request(
        deployment,
        request["pipeline"],
        as_of=monitoring.as_of,
        params=_same_book(connection, deployment),
        cause="governance",
        cause_run_id=origin.run_id,
        cause_detail={**request["numbers"], **replay_mark(monitoring)},
        requested_by="governance gate",
        request_key=f"governance:{origin.run_id}",
    )
    try:
        return Step("requested", request["reason"], request_run(connection, wanted, deployment.ledger.clock()))
    except PipelineActive as active:
        reason = f"{request['reason']} No run was requested: {active.run_id} is already active."
        return Step("suppressed", reason, active.run_id)


def _same_book(connection: Connection, deployment: Deployment) -> dict[str, Any]:
    """The parameters of a retraining on the extracts in use, with the champion's feature set."""
    folder = folder_for(connection, deployment, "monitoring")
    champion = model_by_alias(connection)
    chosen = champion.summary.get("feature_set") if champion else None
    same = {"feature_set": chosen} if chosen in deployment.book.feature_sets else {}
    return {**same, "data": folder} if folder else same
