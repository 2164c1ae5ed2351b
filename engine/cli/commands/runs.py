"""Commands that act on runs: `run`, `resume`, `cancel`."""

from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Console

from engine.cli.attach import followed
from engine.cli.foreground import follow_to_end, local_ray, own_output
from engine.cli.output import print_error, print_json
from engine.cli.terminal import (
    AsOf,
    Data,
    Home,
    Json,
    Params,
    RunId,
    console_for,
    day_of,
    deployment_at,
    end_of_run,
    new_deployment_at,
    params_of,
    prepared_deployment_at,
    print_outcome,
)
from engine.control import runs as control
from engine.control.runs import requested
from engine.deployment import Deployment
from engine.documents.runs import run_document
from engine.errors import Refused
from engine.process.registry import has_worker, waiting_for, waiting_message
from engine.process.run_settings import other_settings
from storage.ledger.runs import run_row

app = typer.Typer()

VERIFY = (
    "Read every byte of the extracts and of the tables, models and reports whose results are reused. Otherwise a file "
    "is trusted that was read once and whose size, times and inode (ETag on object storage) are the same since."
)
Adopt = Annotated[
    bool,
    typer.Option(
        "--adopt",
        help="Make the folder of --data the deployment's, which later runs read. Without it, a run on another folder "
        "than the deployment's is a trial: its tables are not published and its model is not promoted.",
    ),
]
Detach = Annotated[
    bool, typer.Option("--detach", help="Request the run and return; a worker or a later `run` executes it.")
]


@app.command()
def run(
    pipeline: Annotated[
        str,
        typer.Argument(metavar="PIPELINE", help="training, inference, monitoring, or another pipeline of the book."),
    ],
    data: Data = None,
    as_of: AsOf = None,
    param: Params = None,
    force: Annotated[bool, typer.Option("--force", help="Full rerun (cache off).")] = False,
    verify: Annotated[bool, typer.Option("--verify", help=VERIFY)] = False,
    adopt: Adopt = False,
    no_promote: Annotated[bool, typer.Option("--no-promote", help="Register the model without promoting it.")] = False,
    detach: Detach = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Run a pipeline and follow the run to its end. A worker executes it; without a worker, this process does.

    A run with other thresholds, or on another folder than the deployment's, publishes nothing.
    """
    deployment = (new_deployment_at if detach else prepared_deployment_at)(home)
    ticks = {"verify": True} if verify else {}
    params = {**params_of(param, data), **ticks, **({"promote": False} if no_promote else {})}
    new = control.asked_request(deployment, pipeline, day_of(as_of), adopt=adopt, params=params, force=force)
    if detach:
        run_id = control.request(deployment, new)
        _print_queued(deployment, run_id, as_json=as_json)
        return
    run_id = requested(deployment, new, any_queued=not (as_of or params or force))
    _execute(deployment, run_id, as_json=as_json)


@app.command()
def resume(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, `latest`, or a paused pipeline.")],
    param: Params = None,
    data: Data = None,
    adopt: Adopt = False,
    detach: Detach = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Resume a failed, cancelled or crashed run as a new run, with the same or changed parameters.

    With the name of a pipeline, resume its paused schedule.
    """
    deployment = deployment_at(home)
    if run_id in deployment.pipelines:
        control.resume_schedule(deployment, run_id)
        document = {"pipeline": run_id, "paused": False}
        print_outcome(f"The schedule of {run_id} is active again.", document, as_json=as_json)
        return
    child = control.resume(deployment, run_id, params_of(param, data), adopt=adopt)
    if detach:
        _print_queued(deployment, child, as_json=as_json)
    else:
        _execute(deployment, child, as_json=as_json)


@app.command()
def cancel(run_id: RunId, home: Home = None, as_json: Json = False) -> None:
    """Cancel a queued or running run. The published tables are not changed."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        run_id = run_row(connection, run_id).run_id
    state = control.cancel(deployment, run_id)
    message = "is cancelled" if state == "cancelled" else "is being cancelled"
    print_outcome(f"Run {run_id} {message}.", {"run_id": run_id, "state": state}, as_json=as_json)


def _execute(deployment: Deployment, run_id: str, *, as_json: bool) -> None:
    console = console_for(as_json=as_json)
    ended = _executed_by_worker_or_here(deployment, run_id, console, as_json=as_json)
    with deployment.ledger.reading() as connection:
        document = run_document(connection, ended or run_id)
        failure = run_row(connection, ended or run_id).error
    if as_json:
        print_json(document)
    elif ended:
        _print_end(console, document)
        for sentence in document.get("trial", []):
            console.print(sentence, highlight=False, soft_wrap=True)
    if ended:
        end_of_run(document, failure)


def _executed_by_worker_or_here(deployment: Deployment, run_id: str, console: Console, *, as_json: bool) -> str | None:
    """Follows a run that a worker or this process executes. Returns the id of the ended run; None when detached."""
    if not has_worker(deployment):
        if address := deployment.settings.ray_address:
            told = f"No worker runs, so the run uses this machine and not the Ray cluster at {address}."
            console.print(told, highlight=False, soft_wrap=True)
        try:
            with own_output() if as_json else nullcontext(), local_ray(deployment) as executor:
                follow_to_end(deployment, run_id, executor, console)
        except KeyboardInterrupt:
            if not _has_ended(deployment, run_id):
                raise typer.Exit(4) from None
            return run_id  # the interrupt came after the commit
        except Refused:
            if not has_worker(deployment):  # otherwise a worker started in the meantime and claimed the run
                raise
        else:
            return run_id
    _print_other_settings(deployment)
    return followed(deployment, run_id, console)


def _print_other_settings(deployment: Deployment) -> None:
    for sentence in other_settings(deployment):
        typer.echo(sentence, err=True)  # standard output may be for JSON


def _has_ended(deployment: Deployment, run_id: str) -> bool:
    with deployment.ledger.reading() as connection:
        return run_row(connection, run_id).finished_at is not None


def _print_end(console: Console, document: dict[str, object]) -> None:
    seconds = document["duration_s"]
    console.print(f"Run {document['run_id']} {document['state']} after {seconds:.1f} s.", highlight=False)
    if document["error"]:
        print_error(console, str(document["error"]))
        run_id = document["run_id"]
        hint = f"See the log with `python -m engine logs {run_id}`; resume with `python -m engine resume {run_id}`."
        console.print(hint, highlight=False, soft_wrap=True)


def _print_queued(deployment: Deployment, run_id: str, *, as_json: bool) -> None:
    with deployment.ledger.reading() as connection:
        document = run_document(connection, run_id)
    document["waiting_for"] = waiting_for(deployment, document["state"])
    message = f"Run {run_id} is queued. Follow it with `python -m engine logs {run_id} --follow`."
    if document["waiting_for"]:
        message = waiting_message(run_id, document["pipeline"])
    print_outcome(message, document, as_json=as_json)
    _print_other_settings(deployment)
