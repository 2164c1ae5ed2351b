"""The one door for everybody who wants something to run: request, cancel, resume."""

import getpass
import os
import socket
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from engine.pipelines import PIPELINES
from engine.task import Pipeline, settings_of
from storage.runs import Request, ask_to_cancel, cancel_queued, reap, request_run, run_row

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

    Raises PipelineActive (exit code 5) when the pipeline has a run that is queued or running.
    """
    crashed_runs(deployment)
    with deployment.ledger.writing() as connection:
        return request_run(connection, wanted, deployment.ledger.clock())


def resume(deployment: Deployment, run_id: str, params: Mapping[str, Any] | None = None) -> str:
    """The id of a new run that does what an ended one had not finished; the ended one stays as it is."""
    crashed_runs(deployment)
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
        parent_run_id=parent.run_id,
    )
    return request(deployment, wanted)


def cancel(deployment: Deployment, run_id: str) -> str:
    """The state of a run that was asked to end: `cancelled` when nobody had begun it; Refused when it can't be."""
    crashed_runs(deployment)
    with deployment.ledger.writing() as connection:
        run = run_row(connection, run_id)
        if cancel_queued(connection, run.run_id, deployment.ledger.clock()):
            return "cancelled"
        if run.state != "running":
            raise Refused(f"Run {run.run_id} is {run.state} already; there is nothing to cancel.")
        ask_to_cancel(connection, run.run_id, deployment.ledger.clock())
    return "running"


def crashed_runs(deployment: Deployment) -> list[str]:
    """Ids of the runs that have just been found silent, and are crashed from now on."""
    with deployment.ledger.writing() as connection:
        return reap(connection, timedelta(seconds=deployment.settings.lease), deployment.ledger.clock())


def who() -> str:
    """The person at this terminal, for the record."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def this_process() -> str:
    """The name under which this process holds a lease."""
    return f"{socket.gethostname()}:{os.getpid()}"
