"""Requests about runs and schedules: request, resume, cancel, requeue, pause."""

import os
import pwd
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from engine.control.parameters import changed_params, checked_params
from engine.control.trials import as_asked, changed_folder, marks_of
from engine.definitions.task import Pipeline
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from engine.process.identity import is_gone
from storage.ledger.audit import Action, record_action
from storage.ledger.leases import Lease, end_early, end_reaped, owners, reap
from storage.ledger.leases import stale_runs as stale_in_ledger
from storage.ledger.runs import (
    PipelineActive,
    Request,
    cancel_queued,
    earlier_request,
    queue_run,
    replay_mark,
    request_cancel,
    request_run,
    run_row,
)
from storage.ledger.schedules import Pause, is_paused, pause, schedule_of, unpause

MOST_REQUEUES = 3  # in a row; after that a user has to resume the run
AUDITED = {"manual": "run", "resume": "resume"}  # the causes of users' requests, with the action in the audit log
RESUMABLE = ("failed", "cancelled", "crashed")


def pipeline_named(name: str, pipelines: Mapping[str, Pipeline]) -> Pipeline:
    """The declaration of a pipeline. Raises UnusableRequest when there is none with that name."""
    if name not in pipelines:
        raise UnusableRequest(f"There is no pipeline {name!r}; the pipelines are {', '.join(pipelines)}.")
    return pipelines[name]


def checked_request(deployment: Deployment, pipeline: str, as_of: date | None = None, **given: Any) -> Request:
    """A request with a checked pipeline and checked parameters. Raises UnusableRequest or UsageError."""
    params = checked_params(deployment, pipeline_named(pipeline, deployment.pipelines), given.pop("params", {}))
    return Request(
        pipeline=pipeline,
        as_of=as_of or deployment.today(),
        params=params,
        requested_by=given.pop("requested_by", who()),
        **given,
    )


def asked_request(
    deployment: Deployment, pipeline: str, as_of: date | None = None, *, adopt: bool = False, **given: Any
) -> Request:
    """The checked request of a person. Raises the errors of `checked_request`, and UnusableRequest for its folder.

    With other thresholds than the deployment's, or on another folder without `adopt`, it is a trial (see `trials`).
    """
    new = checked_request(deployment, pipeline, as_of, **given)
    return as_asked(deployment, new, str(new.params.get("data", "")), adopt=adopt)


def request(deployment: Deployment, new: Request) -> str:
    """The id of the requested run, or of the earlier run with the same request key or slot.

    A new run of a user is recorded in the audit log. Raises PipelineActive (exit code 5) when the pipeline has a queued
    or running run.
    """
    reap_stale_runs(deployment)
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        earlier = earlier_request(connection, new)
        if earlier is not None:
            return earlier
        run_id = queue_run(connection, new, now)
        if new.cause in AUDITED:
            changes = {**changed_params(deployment, new.params), **changed_folder(new)}
            record_action(connection, Action(new.requested_by, AUDITED[new.cause], run_id, "", changes), now)
        return run_id


def resume(
    deployment: Deployment,
    run_id: str,
    params: Mapping[str, Any] | None = None,
    by: str | None = None,
    *,
    adopt: bool = False,
) -> str:
    """The id of a new run that executes the unfinished tasks of an ended run. The ended run is not changed.

    When that run was forced, the new one is too: it reuses only what the forced run itself finished. What is a trial
    stays one, unless its folder is adopted.
    """
    reap_stale_runs(deployment)
    with deployment.ledger.reading() as connection:
        parent = run_row(connection, run_id)
    if parent.state not in RESUMABLE:
        raise Refused(f"Run {parent.run_id} is {parent.state}; only a failed, cancelled or crashed run can be resumed.")
    new = checked_request(
        deployment,
        parent.pipeline,
        parent.as_of,
        params={**parent.params, **(params or {})},
        force=parent.force,
        cause="resume",
        cause_detail={**replay_mark(parent), **marks_of(parent)},
        parent_run_id=parent.run_id,
        requested_by=by or who(),
    )
    folder = str(new.params.get("data", "")) if adopt or "data" in (params or {}) else ""
    return request(deployment, as_asked(deployment, new, folder, adopt=adopt))


def cancel(deployment: Deployment, run_id: str, by: str | None = None) -> str:
    """The state after a request to cancel: `cancelled` for a queued run, else `running`.

    Raises Refused for an ended run.
    """
    reap_stale_runs(deployment)
    with deployment.ledger.writing() as connection:
        run = run_row(connection, run_id)
        if run.finished_at is not None:
            raise Refused(f"Run {run.run_id} is {run.state} already; only a queued or running run can be cancelled.")
        now = deployment.ledger.now(connection)
        record_action(connection, Action(by or who(), "cancel", run.run_id), now)
        if cancel_queued(connection, run.run_id, now):
            return "cancelled"
        request_cancel(connection, run.run_id, now)
    return "running"


def reap_stale_runs(deployment: Deployment) -> list[str]:
    """Marks runs as crashed whose process has ended or sends no heartbeat. Returns their ids."""
    timeout = timedelta(seconds=deployment.settings.lease)
    with deployment.ledger.writing() as connection:
        ended = [owner for owner in owners(connection) if is_gone(owner)]
        return reap(connection, timeout, deployment.ledger.now(connection), ended)


def stale_runs(deployment: Deployment) -> list[str]:
    """Ids of the runs that `reap_stale_runs` would mark as crashed."""
    timeout = timedelta(seconds=deployment.settings.lease)
    with deployment.ledger.reading() as connection:
        ended = [owner for owner in owners(connection) if is_gone(owner)]
        return stale_in_ledger(connection, timeout, deployment.ledger.now(connection), ended)


def requeue(deployment: Deployment, lease: Lease, reason: str) -> str | None:
    """The id of a new queued run that resumes this one; None after MOST_REQUEUES in a row or a request to cancel.

    This run ends as crashed. It may have been marked so while the ledger was away. Raises LeaseLost when it has ended
    otherwise, or when a later run of its pipeline replaces it.
    """
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        run = run_row(connection, lease.run_id)
        times = int(run.cause_detail.get("handed_back", 0)) + 1
        again = times <= MOST_REQUEUES and run.cancel_requested_at is None
        advice = "the run was requeued" if again else f"continue with `resume {run.run_id}`"
        error = {"type": "HandedBack", "message": f"{reason}; {advice}.", "exit_code": 1}
        if not end_reaped(connection, lease, error):
            end_early(connection, lease, "crashed", error, now)
        if not again:
            return None
        resumed = Request(
            pipeline=run.pipeline,
            as_of=run.as_of,
            requested_by=run.requested_by,
            params=run.params,
            force=run.force,
            cause="resume",
            cause_detail={"handed_back": times, **replay_mark(run), **marks_of(run)},
            parent_run_id=run.run_id,
        )
        return request_run(connection, resumed, now)


def pause_schedule(
    deployment: Deployment, pipeline: str, reason: str, *, by: str | None = None, until: date | None = None
) -> None:
    """Pauses a pipeline's schedule and records the reason. Raises Refused when it is paused already.

    The pause ends by itself when the day `until` begins in the deployment's time zone; with None a person ends it.
    """
    name, person = pipeline_named(pipeline, deployment.pipelines).name, by or who()
    end = None if until is None else datetime.combine(until, time(), deployment.settings.zone).astimezone(UTC)
    if not reason.strip():
        raise UnusableRequest("--reason is empty; give the reason for the pause.")
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        if end is not None and end <= now:
            raise UnusableRequest(f"--until {until} is not after today; give a later date.")
        before = schedule_of(connection, name, now)
        if is_paused(before, now):
            raise Refused(f"The schedule of {name} is paused already, by {before.paused_by}: {before.pause_reason}")
        pause(connection, name, Pause(person, reason, end), now)
        told = "paused" if until is None else f"paused until {until}"
        record_action(connection, Action(person, "pause", name, reason, {"schedule": ["active", told]}), now)


def resume_schedule(deployment: Deployment, pipeline: str, by: str | None = None) -> None:
    """Resumes a pipeline's schedule. Raises Refused when it is not paused."""
    name, person = pipeline_named(pipeline, deployment.pipelines).name, by or who()
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        paused = is_paused(schedule_of(connection, name, now), now)
        unpause(connection, name)
        if not paused:
            raise Refused(f"The schedule of {name} is not paused; `python -m engine schedule` shows all schedules.")
        record_action(connection, Action(person, "resume", name, "", {"schedule": ["paused", "active"]}), now)


def who() -> str:
    """The user account of this process. It does not read LOGNAME and similar variables, which any user can set."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def requested(deployment: Deployment, new: Request, *, any_queued: bool) -> str:
    """The id of the run to execute: a new one, or the queued run of the pipeline when that has the same parameters.

    With `any_queued`, the parameters of the queued run may differ. Raises PipelineActive when the pipeline has another
    active run.
    """
    try:
        return request(deployment, new)
    except PipelineActive as active:
        with deployment.ledger.reading() as connection:
            queued = run_row(connection, active.run_id)
        same = queued.params == new.params and queued.as_of == new.as_of and queued.force == new.force
        if active.state == "queued" and (any_queued or same):
            return active.run_id
        raise
