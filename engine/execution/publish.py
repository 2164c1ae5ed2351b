"""The end of a run that went well: all it made becomes visible in one transaction, or nothing does."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.control.runs import checked_request
from engine.deployment import Deployment
from engine.execution.inputs import data_folder
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
    """An outcome and the run in which its task really ran; effects are applied once for each origin."""

    run_id: str
    outcome: TaskResult


def commit(deployment: Deployment, lease: Lease, outcomes: Sequence[tuple[str, TaskResult]]) -> None:
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
    """Enters a model, and makes it champion if its verdict says so and is about the champion there is now."""
    now, present = deployment.ledger.clock(), model_by_alias(connection)
    judged = _still_judged(model, present.version if present else None)
    if register(connection, lease, judged, now) and judged.promotion["promote"]:
        why = str(judged.promotion["reason"])
        move_alias(connection, AliasEvent(model.version, f"run {lease.run_id}", why, lease.run_id), now)


def _still_judged(model: ModelVersion, present: str | None) -> ModelVersion:
    """The model with its verdict, taken back when another champion was chosen while the run was under way."""
    verdict = model.promotion
    if not verdict["promote"] or verdict["champion"] == present:
        return model
    reason = (
        f"Not promoted: it was judged while {verdict['champion'] or 'none'} was champion, and meanwhile {present} "
        "became champion; run training again to compare it with that one, or promote it by hand."
    )
    return replace(model, summary={**model.summary, "promotion": {**verdict, "promote": False, "reason": reason}})


def _decide(connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any] | None) -> None:
    """Records a governance decision, and requests the run that it asks for, once for the run that came to it."""
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
    """The decisions up to a monitoring date; a retrain that was cancelled for good counts as not asked for."""
    return [
        Past(
            row.monitoring_date,
            row.status,
            "none" if row.state == "cancelled" and not _goes_on(connection, row.requested_run_id) else row.action,
            row.requested_run_id,
        )
        for row in past_decisions(connection, day)
    ]


def _goes_on(connection: Connection, run_id: str) -> bool:
    """Whether another run goes on with a cancelled one, and was not cancelled itself."""
    later = caused_by(connection, run_id)
    return any(run_row(connection, each).state != "cancelled" or _goes_on(connection, each) for each in later)


def _requested(connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any]) -> Step:
    """The step of a retraining that the gate asks for, unless the pipeline is active: then that run is the answer."""
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
    """The parameters of a retraining that reads the extracts in use and builds the features of the champion."""
    folder = data_folder(connection, deployment, "monitoring")
    champion = model_by_alias(connection)
    same = {"feature_set": champion.summary["feature_set"]} if champion and "feature_set" in champion.summary else {}
    return {**same, "data": folder} if folder else same
