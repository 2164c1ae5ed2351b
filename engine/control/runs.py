"""The one door for everybody who wants something to run: request, cancel, resume."""

import getpass
import os
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from engine.definitions.pipelines import PIPELINES
from engine.definitions.task import Pipeline, settings_of
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from engine.process.identity import is_gone
from storage.ledger.audit import Action, note
from storage.ledger.leases import Lease, end_early, owners, reap
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
from storage.ledger.schedules import pause, schedule_of, unpause

HAND_BACKS = 3  # how often in a row a run is handed back by itself, before a person has to look
NOTED = {"manual": "run", "resume": "resume"}  # causes that are a person's, and what the audit log calls the action
RESUMABLE = ("failed", "cancelled", "crashed")


def pipeline_named(name: str, pipelines: Mapping[str, Pipeline] = PIPELINES) -> Pipeline:
    """The declaration of a pipeline; UnusableRequest when there is none of that name."""
    if name not in pipelines:
        raise UnusableRequest(f"There is no pipeline {name!r}; the pipelines are {', '.join(pipelines)}.")
    return pipelines[name]


def checked_request(deployment: Deployment, pipeline: str, as_of: date | None = None, **given: Any) -> Request:
    """A request whose pipeline exists and whose parameters are settings that the pipeline depends on."""
    params = checked_params(deployment, pipeline_named(pipeline), given.pop("params", {}))
    return Request(
        pipeline=pipeline,
        as_of=as_of or deployment.today(),
        params=params,
        requested_by=given.pop("requested_by", who()),
        **given,
    )


def checked_params(deployment: Deployment, pipeline: Pipeline, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters; UnusableRequest or UsageError names the one that can't be right."""
    known = {"data", *settings_of(pipeline)}
    unknown = sorted(set(params) - known)
    if unknown:
        raise UnusableRequest(
            f"Pipeline {pipeline.name} has no parameter {unknown[0]!r}; it has {', '.join(sorted(known))}."
        )
    checked = deployment.settings.changed(**params)
    return {name: getattr(checked, name) for name in params}


def request(deployment: Deployment, wanted: Request) -> str:
    """The id of the run that was requested, or of the earlier one with the same request key or slot.

    A new run that a person asked for goes into the audit log. Raises PipelineActive (exit code 5) when the pipeline
    has a run that is queued or running.
    """
    reap_stale_runs(deployment)
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        before = earlier_request(connection, wanted)
        if before is not None:
            return before
        run_id = queue_run(connection, wanted, now)
        if wanted.cause in NOTED:
            note(connection, Action(wanted.requested_by, NOTED[wanted.cause], run_id), now)
        return run_id


def resume(deployment: Deployment, run_id: str, params: Mapping[str, Any] | None = None, by: str | None = None) -> str:
    """The id of a new run that does what an ended one had not finished; the ended one stays as it is."""
    reap_stale_runs(deployment)
    with deployment.ledger.reading() as connection:
        parent = run_row(connection, run_id)
    if parent.state not in RESUMABLE:
        raise Refused(f"Run {parent.run_id} is {parent.state}; only a failed, cancelled or crashed run can be resumed.")
    wanted = checked_request(
        deployment,
        parent.pipeline,
        parent.as_of,
        params={**parent.params, **(params or {})},
        cause="resume",
        cause_detail=replay_mark(parent),
        parent_run_id=parent.run_id,
        requested_by=by or who(),
    )
    return request(deployment, wanted)


def cancel(deployment: Deployment, run_id: str, by: str | None = None) -> str:
    """The state of a run that was asked to end: `cancelled` when nobody had begun it; Refused when it can't be."""
    reap_stale_runs(deployment)
    with deployment.ledger.writing() as connection:
        run = run_row(connection, run_id)
        if run.finished_at is not None:
            raise Refused(f"Run {run.run_id} is {run.state} already; there is nothing to cancel.")
        note(connection, Action(by or who(), "cancel", run.run_id), deployment.ledger.clock())
        if cancel_queued(connection, run.run_id, deployment.ledger.clock()):
            return "cancelled"
        request_cancel(connection, run.run_id, deployment.ledger.clock())
    return "running"


def reap_stale_runs(deployment: Deployment) -> list[str]:
    """Ids of the runs that have just been found silent, or whose process has ended; they are crashed from now on."""
    silence = timedelta(seconds=deployment.settings.lease)
    with deployment.ledger.writing() as connection:
        gone = [owner for owner in owners(connection) if is_gone(owner)]
        return reap(connection, silence, deployment.ledger.clock(), gone)


def handed_back(deployment: Deployment, lease: Lease, why: str) -> str | None:
    """The id of a queued run that goes on with one whose worker can't; None when that has been tried often enough.

    The run itself ends as crashed. LeaseLost when it is not ours any more.
    """
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        run = run_row(connection, lease.run_id)
        times = int(run.cause_detail.get("handed_back", 0)) + 1
        goes_on = times <= HAND_BACKS and run.cancel_requested_at is None
        told = "another run goes on with it" if goes_on else f"`resume {run.run_id}` goes on with it"
        error = {"type": "HandedBack", "message": f"{why}; {told}.", "exit_code": 1}
        end_early(connection, lease, "crashed", error, now)
        if not goes_on:
            return None
        again = Request(
            pipeline=run.pipeline,
            as_of=run.as_of,
            requested_by=run.requested_by,
            params=run.params,
            cause="resume",
            cause_detail={"handed_back": times, **replay_mark(run)},
            parent_run_id=run.run_id,
        )
        return request_run(connection, again, now)


def pause_schedule(deployment: Deployment, pipeline: str, reason: str, by: str | None = None) -> None:
    """Pauses a pipeline's schedule, for a reason that is kept. Refused when it is paused already."""
    name, person = pipeline_named(pipeline).name, by or who()
    if not reason.strip():
        raise UnusableRequest("--reason is empty; say why the schedule is to pause.")
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        before = schedule_of(connection, name, now)
        if before.paused_at is not None:
            raise Refused(f"The schedule of {name} is paused already, by {before.paused_by}: {before.pause_reason}")
        pause(connection, name, person, reason, now)
        note(connection, Action(person, "pause", name, reason), now)


def resume_schedule(deployment: Deployment, pipeline: str, by: str | None = None) -> None:
    """Lets a pipeline's schedule go on. Refused when it was not paused."""
    name, person = pipeline_named(pipeline).name, by or who()
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        if not unpause(connection, name):
            raise Refused(f"The schedule of {name} is not paused; `python -m engine schedule` shows what is due.")
        note(connection, Action(person, "resume", name), now)


def who() -> str:
    """The person at this terminal, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def requested(deployment: Deployment, wanted: Request, *, anything: bool) -> str:
    """The id of the run to carry out: a new one, or one of the pipeline that is waiting and asks for the same.

    `anything` says that the person left data, parameters and as-of open, so that any waiting run will do. Raises
    PipelineActive when another run is in the way.
    """
    try:
        return request(deployment, wanted)
    except PipelineActive as active:
        with deployment.ledger.reading() as connection:
            waiting = run_row(connection, active.run_id)
        same = waiting.params == wanted.params and waiting.as_of == wanted.as_of and waiting.force == wanted.force
        if active.state == "queued" and (anything or same):
            return active.run_id
        raise
