"""The end of a successful run: all its results are published in one transaction."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.control.extract_folder import folder_for
from engine.control.runs import checked_request
from engine.control.trials import is_trial
from engine.deployment import Deployment
from jobs.governance.retraining import Past, Step, fault_step, next_step
from jobs.job import TaskResult
from jobs.modelling.candidates import candidates_to_train_again
from storage.ledger.approvals import REQUESTED, ApprovalEvent, open_request, record_approval
from storage.ledger.audit import GATE, PROMOTION_TEST, Action, record_action
from storage.ledger.catalog import publish
from storage.ledger.decisions import DATA_FAULT, GovernanceDecision, is_decided, past_decisions, record_decision
from storage.ledger.deliveries import record_profile
from storage.ledger.leases import Lease, finish
from storage.ledger.models import AliasEvent, ModelVersion, model_by_alias, move_alias, register
from storage.ledger.published.reports import publish_report
from storage.ledger.runs import PipelineActive, caused_by, replay_mark, request_run, run_row

log = logging.getLogger("loanwatch.engine")

ACTS = {"requested": "request training", "suppressed": "suppress training", "escalated": "escalate"}  # in the audit log


@dataclass(frozen=True)
class Origin:
    """A task's result and the run that computed it. A decision is recorded once for each origin."""

    run_id: str
    result: TaskResult


def commit(deployment: Deployment, lease: Lease, results: Sequence[tuple[str, TaskResult]]) -> None:
    """Publishes tables and reports, registers models, records decisions and profiles; of a trial, models alone.

    Raises LeaseLost when the run lost its lease.
    """
    with deployment.ledger.reading() as connection:
        trial = is_trial(run_row(connection, lease.run_id))
    if trial:
        _commit_trial(deployment, lease, [result.model for _, result in results if result.model is not None])
        return
    tables = [table for _, result in results for table in result.tables]
    request = _request_in(deployment, results)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        publish(connection, lease, tables, now)
        for _, result in results:
            if result.model is not None:
                _register(connection, deployment, lease, result.model)
        for origin, result in results:
            if result.decision is not None:
                _decide(connection, deployment, Origin(origin, result), request)
            for profile in result.profiles:
                record_profile(connection, origin, profile, now)
            for report in result.reports:
                publish_report(connection, lease, report, now)
        finish(connection, lease, "succeeded", None, now)


def _commit_trial(deployment: Deployment, lease: Lease, models: Sequence[ModelVersion]) -> None:
    """Ends a trial: its models are registered, none is promoted. Its tables and reports stay the run's own."""
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        for model in models:
            register(connection, lease, model, now)
        finish(connection, lease, "succeeded", None, now)


def _request_in(deployment: Deployment, results: Sequence[tuple[str, TaskResult]]) -> dict[str, Any] | None:
    """The request for a retraining, with the folder that it is to read; None when no task made one."""
    request = next((result.request for _, result in results if result.request), None)
    return {**request, "data": folder_for(deployment, "monitoring")} if request else None


def _register(connection: Connection, deployment: Deployment, lease: Lease, model: ModelVersion) -> None:
    """Registers a model. Its verdict, when valid, makes it champion or requests the approval of a second person."""
    now, current = deployment.ledger.now(connection), model_by_alias(connection)
    checked = _with_valid_verdict(model, current.version if current else None)
    if not register(connection, lease, checked, now):
        return
    verdict, run_id = checked.promotion, lease.run_id
    if verdict["promote"]:
        move_alias(connection, AliasEvent(model.version, f"run {run_id}", str(verdict["reason"]), run_id), now)
        changes = {"champion": [current.version if current else None, model.version]}
        act = Action(PROMOTION_TEST, "promote", model.version, str(verdict["reason"]), changes)
        record_action(connection, act, now)
    elif verdict.get("waiting"):
        asked_by = run_row(connection, run_id).requested_by
        why = f"It passed its promotion test: {str(verdict['reason']).partition(': ')[2]}"
        request = ApprovalEvent(model.version, REQUESTED, verdict["champion"], asked_by, why, run_id)
        record_approval(connection, request, now)
        record_action(connection, Action(PROMOTION_TEST, "request approval", model.version, why), now)


def _with_valid_verdict(model: ModelVersion, current: str | None) -> ModelVersion:
    """The model. Its verdict becomes negative when the champion changed during the run."""
    verdict = model.promotion
    if not (verdict["promote"] or verdict.get("waiting")) or verdict["champion"] == current:
        return model
    compared = f"it was compared with {verdict['champion']}" if verdict["champion"] else "there was no champion"
    reason = (
        f"Not promoted: {compared}, but {current} became champion during the run; run training again to compare it "
        "with that model, or promote it manually."
    )
    refused = {**verdict, "promote": False, "waiting": False, "reason": reason}
    return replace(model, summary={**model.summary, "promotion": refused})


def _decide(connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any] | None) -> None:
    """Records a governance decision and requests its retraining, once for each run that computed a decision."""
    computed = origin.result.decision
    if computed is None or is_decided(connection, origin.run_id):
        return
    day = run_row(connection, origin.run_id).as_of
    step, cooldown = Step("none", str(computed["reason"])), deployment.settings.cooldown_days
    if computed["status"] == DATA_FAULT:
        step = fault_step(day, step.reason, _history(connection, day), cooldown)
        log.warning("decision for %s: %s. %s", day, step.action, step.reason)
    elif request is not None:
        waiting = open_request(connection)
        step = next_step(
            day, request["reason"], _history(connection, day), cooldown, waiting.version if waiting else None
        )
        if step.action == "requested":
            step = _requested(connection, deployment, origin, request)
        log.info("retraining decision for %s: %s. %s", day, step.action, step.reason)
    decision = GovernanceDecision(
        run_id=origin.run_id,
        monitoring_date=day,
        status=computed["status"],
        numbers=computed["numbers"],
        action=step.action,
        reason=step.reason,
        requested_run_id=step.run_id,
    )
    now = deployment.ledger.now(connection)
    record_decision(connection, decision, now)
    if step.action in ACTS:
        subject = step.run_id if step.action == "requested" and step.run_id else origin.run_id
        record_action(connection, Action(GATE, ACTS[step.action], subject, step.reason), now)


def _history(connection: Connection, day: date) -> list[Past]:
    """The decisions up to a monitoring date. A retraining that was cancelled and not resumed has the action `none`."""
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
    """Whether a later run resumed a cancelled run and was not cancelled."""
    later = caused_by(connection, run_id)
    return any(run_row(connection, each).state != "cancelled" or _is_resumed(connection, each) for each in later)


def _requested(connection: Connection, deployment: Deployment, origin: Origin, request: dict[str, Any]) -> Step:
    """The step for the requested retraining. It is suppressed when the pipeline has an active run."""
    monitoring = run_row(connection, origin.run_id)
    retraining = checked_request(
        deployment,
        request["pipeline"],
        as_of=monitoring.as_of,
        params=_same_book(connection, deployment, request["data"]),
        cause="governance",
        cause_run_id=origin.run_id,
        cause_detail={**request["numbers"], **replay_mark(monitoring)},
        requested_by=GATE,
        request_key=f"governance:{origin.run_id}",
    )
    try:
        run_id = request_run(connection, retraining, deployment.ledger.now(connection))
    except PipelineActive as active:
        reason = f"{request['reason']} No run was requested: {active.run_id} is active already."
        return Step("suppressed", reason, active.run_id)
    return Step("requested", request["reason"], run_id)


def _same_book(connection: Connection, deployment: Deployment, folder: str) -> dict[str, Any]:
    """The parameters of a retraining: the extracts that were read last, and the champion's feature set."""
    champion = model_by_alias(connection)
    chosen = champion.summary.get("feature_set") if champion else None
    same = {"feature_set": chosen} if chosen in deployment.book.feature_sets else {}
    if champion and (names := candidates_to_train_again(champion.model_name, deployment.book)):
        same["candidates"] = names
    return {**same, "data": folder} if folder else same
