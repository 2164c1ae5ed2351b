"""Commands about runs: `run`, `resume`, `cancel`, `runs`, `show`, `logs`."""

import time
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Console

from engine.cli.attach import followed
from engine.cli.foreground import follow_to_end, local_ray, own_output
from engine.cli.render import listing, run_view
from engine.cli.terminal import (
    AsOf,
    Data,
    Home,
    Json,
    Params,
    console_for,
    day_of,
    deployment_at,
    end_of_run,
    params_of,
    print_json,
    tell_error,
)
from engine.control import runs as control
from engine.control.runs import requested
from engine.definitions.pipelines import PIPELINES
from engine.deployment import Deployment
from engine.documents.runs import Document, log_document, run_details, run_document, runs_document
from engine.errors import Refused, UnusableRequest
from engine.process.registry import has_worker, waiting_for, waiting_told
from storage.db.schema import RUN_STATES
from storage.ledger.runs import run_row

app = typer.Typer()

Run = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or `latest`.")]
Detach = Annotated[
    bool, typer.Option("--detach", help="Only ask for the run; a worker, or a later `run`, carries it out.")
]


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help=f"One of {', '.join(PIPELINES)}.")],
    data: Data = None,
    as_of: AsOf = None,
    param: Params = None,
    force: Annotated[bool, typer.Option("--force", help="Run every task, also those whose result is there.")] = False,
    detach: Detach = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Ask for a run of a pipeline and follow it to its end; a live worker carries it out, or else this process."""
    deployment = deployment_at(home)
    wanted = control.checked_request(deployment, pipeline, day_of(as_of), params=params_of(param, data), force=force)
    if detach:
        run_id = control.request(deployment, wanted)
        _tell_queued(deployment, run_id, as_json=as_json)
        return
    _carry_out(
        deployment, requested(deployment, wanted, anything=not (data or as_of or param or force)), as_json=as_json
    )


@app.command()
def resume(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or `latest`; or a paused pipeline.")],
    param: Params = None,
    data: Data = None,
    detach: Detach = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Do what a failed, cancelled or crashed run had not finished, as a new run; parameters may be changed.

    With the name of a pipeline, its paused schedule goes on.
    """
    deployment = deployment_at(home)
    if run_id in PIPELINES:
        control.resume_schedule(deployment, run_id)
        _tell(f"The schedule of {run_id} goes on.", {"pipeline": run_id, "paused": False}, as_json=as_json)
        return
    child = control.resume(deployment, run_id, params_of(param, data))
    if detach:
        _tell_queued(deployment, child, as_json=as_json)
    else:
        _carry_out(deployment, child, as_json=as_json)


@app.command()
def cancel(run_id: Run, home: Home = None, as_json: Json = False) -> None:
    """End a run that is waiting or running; published tables stay as they are."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        run_id = run_row(connection, run_id).run_id
    state = control.cancel(deployment, run_id)
    said = "is cancelled" if state == "cancelled" else "was told to end"
    _tell(f"Run {run_id} {said}.", {"run_id": run_id, "state": state}, as_json=as_json)


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    pipeline: Annotated[str | None, typer.Option(help="Only this pipeline.")] = None,
    state: Annotated[str | None, typer.Option(help="Only runs in this state.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List runs."""
    deployment = deployment_at(home)
    if state and state not in RUN_STATES:
        raise UnusableRequest(f"There is no state {state!r}; the states are {', '.join(RUN_STATES)}.")
    control.reap_stale_runs(deployment)
    with deployment.ledger.reading() as connection:
        found = runs_document(connection, limit, pipeline, state)
    documents = [{**document, "waiting_for": waiting_for(deployment, document["state"])} for document in found]
    if as_json:
        print_json(documents)
    elif not documents:
        console_for().print("No runs yet; `python -m engine run training` starts one.")
    else:
        console_for().print(listing(documents, ("run_id", "state", "as_of", "cause", "duration_s", "requested_at")))
        _tell_waiting(documents)


@app.command()
def show(run_id: Run, home: Home = None, as_json: Json = False) -> None:
    """Show a run: tasks, attempts, row accounting, what it made and what it led to."""
    deployment = deployment_at(home)
    control.reap_stale_runs(deployment)
    with deployment.ledger.reading() as connection:
        document = run_details(connection, run_id)
    document["waiting_for"] = waiting_for(deployment, document["state"])
    if as_json:
        print_json(document)
        return
    console = console_for()
    console.print(run_view(document))
    _tell_waiting([document])
    for name in ("cause", "cause_run_id", "parent_run_id", "led_to", "params", "error"):
        if document[name]:
            told = ", ".join(document[name]) if isinstance(document[name], list) else document[name]
            console.print(f"{name.replace('_', ' ')}: {told}", highlight=False, soft_wrap=True)
    for task, values in document["accounting"].items():
        console.print(f"{task}: {values}", highlight=False, soft_wrap=True, style="dim")


@app.command()
def logs(
    run_id: Run,
    task: Annotated[str | None, typer.Argument(help="Only the lines of this task.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until the run has ended.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Print the log of a run."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        run_id = run_row(connection, run_id).run_id
        document = log_document(connection, run_id, task)
    if as_json:
        print_json(document)
        return
    _print_lines(document)
    ended = not follow
    while not ended:
        time.sleep(0.5)
        ended = _has_ended(deployment, run_id)  # looked at before the last lines are read
        with deployment.ledger.reading() as connection:
            new = log_document(connection, run_id, task, document[-1]["id"] if document else 0)
        _print_lines(new)
        document = new or document


def _carry_out(deployment: Deployment, run_id: str, *, as_json: bool) -> None:
    console = console_for(as_json=as_json)
    ended = _followed_here_or_there(deployment, run_id, console, as_json=as_json)
    with deployment.ledger.reading() as connection:
        document = run_document(connection, ended or run_id)
        failure = run_row(connection, ended or run_id).error
    if as_json:
        print_json(document)
    elif ended:
        _tell_end(console, document)
    if ended:
        end_of_run(document, failure)


def _followed_here_or_there(deployment: Deployment, run_id: str, console: Console, *, as_json: bool) -> str | None:
    """The id of the run that ended, carried out by a live worker or else here; None when a worker goes on with it."""
    if not has_worker(deployment):
        try:
            with own_output() if as_json else nullcontext(), local_ray(deployment) as executor:
                follow_to_end(deployment, run_id, executor, console)
        except KeyboardInterrupt:
            raise typer.Exit(4) from None
        except Refused:
            if not has_worker(deployment):  # one has come meanwhile, and taken the run
                raise
        else:
            return run_id
    return followed(deployment, run_id, console)


def _tell_end(console: Console, document: dict[str, object]) -> None:
    seconds = document["duration_s"]
    console.print(f"Run {document['run_id']} {document['state']} after {seconds:.1f} s.", highlight=False)
    if document["error"]:
        tell_error(console, str(document["error"]))
        hint = f"`python -m engine logs {document['run_id']}` tells more, `resume {document['run_id']}` goes on."
        console.print(hint, highlight=False, soft_wrap=True)


def _tell_queued(deployment: Deployment, run_id: str, *, as_json: bool) -> None:
    with deployment.ledger.reading() as connection:
        document = run_document(connection, run_id)
    document["waiting_for"] = waiting_for(deployment, document["state"])
    told = f"Run {run_id} was handed to the worker; `python -m engine logs {run_id} --follow` follows it."
    if document["waiting_for"]:
        told = waiting_told(run_id, document["pipeline"])
    _tell(told, document, as_json=as_json)


def _tell_waiting(documents: list[Document]) -> None:
    """Says which runs nobody is there to carry out, and what to do."""
    for document in documents:
        if document["waiting_for"]:
            told = waiting_told(document["run_id"], document["pipeline"])
            console_for().print(told, highlight=False, soft_wrap=True)


def _tell(sentence: str, document: Document, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        console_for().print(sentence, highlight=False, soft_wrap=True)


def _print_lines(document: list[dict[str, str]]) -> None:
    for line in document:
        typer.echo(f"{line['at']} {line['level']:<7} {line['task']}: {line['message']}")


def _has_ended(deployment: Deployment, run_id: str) -> bool:
    control.reap_stale_runs(deployment)
    with deployment.ledger.reading() as connection:
        return run_row(connection, run_id).finished_at is not None
