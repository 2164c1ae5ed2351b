"""The command line: `python -m engine COMMAND`."""

import sys
import time
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Console

from engine import doctor as checks
from engine import launch
from engine.cli_data import app as data_commands
from engine.deployment import Deployment
from engine.documents import log_document, run_details, run_document, runs_document
from engine.errors import UnusableRequest
from engine.foreground import follow_to_end, local_ray, own_output, requested
from engine.pipelines import PIPELINES
from engine.terminal import (
    AsOf,
    Data,
    Home,
    Json,
    Params,
    console_for,
    day_of,
    deployment_at,
    end_of_run,
    fail,
    params_of,
    print_json,
    tell_error,
)
from engine.views import listing, run_view, state_text
from storage.errors import StorageError
from storage.runs import run_row
from storage.schema import RUN_STATES

app = typer.Typer(
    help="Loanwatch: four extracts in, a governed loan-default model out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(data_commands)

Run = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or `latest`.")]


@app.command()
def run(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help=f"One of {', '.join(PIPELINES)}.")],
    data: Data = None,
    as_of: AsOf = None,
    param: Params = None,
    force: Annotated[bool, typer.Option("--force", help="Run every task, also those whose result is there.")] = False,
    detach: Annotated[
        bool, typer.Option("--detach", help="Only ask for the run; a later `run` carries it out.")
    ] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Ask for a run of a pipeline and follow it to its end."""
    deployment = deployment_at(home)
    wanted = launch.checked_request(deployment, pipeline, day_of(as_of), params=params_of(param, data), force=force)
    if detach:
        run_id = launch.request(deployment, wanted)
        _tell_queued(deployment, run_id, as_json=as_json)
        return
    _carry_out(
        deployment, requested(deployment, wanted, anything=not (data or as_of or param or force)), as_json=as_json
    )


@app.command()
def resume(run_id: Run, param: Params = None, data: Data = None, home: Home = None, as_json: Json = False) -> None:
    """Do what a failed, cancelled or crashed run had not finished, as a new run; parameters may be changed."""
    deployment = deployment_at(home)
    _carry_out(deployment, launch.resume(deployment, run_id, params_of(param, data)), as_json=as_json)


@app.command()
def cancel(run_id: Run, home: Home = None, as_json: Json = False) -> None:
    """End a run that is waiting or running; published tables stay as they are."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        run_id = run_row(connection, run_id).run_id
    state = launch.cancel(deployment, run_id)
    if as_json:
        print_json({"run_id": run_id, "state": state})
    else:
        said = "is cancelled" if state == "cancelled" else "was told to end"
        console_for().print(f"Run {run_id} {said}.", highlight=False)


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
    launch.crashed_runs(deployment)
    with deployment.ledger.reading() as connection:
        documents = runs_document(connection, limit, pipeline, state)
    if as_json:
        print_json(documents)
    elif not documents:
        console_for().print("No runs yet; `python -m engine run training` starts one.")
    else:
        console_for().print(listing(documents, ("run_id", "state", "as_of", "cause", "duration_s", "requested_at")))


@app.command()
def show(run_id: Run, home: Home = None, as_json: Json = False) -> None:
    """Show a run: tasks, attempts, row accounting, what it made and what it led to."""
    deployment = deployment_at(home)
    launch.crashed_runs(deployment)
    with deployment.ledger.reading() as connection:
        document = run_details(connection, run_id)
    if as_json:
        print_json(document)
        return
    console = console_for()
    console.print(run_view(document))
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


@app.command()
def doctor(home: Home = None, as_json: Json = False) -> None:
    """Check home, ledger, tables, models, disk, clock and Ray, and say what to do about each finding."""
    try:
        found = checks.findings(deployment_at(home))
    except StorageError as error:
        found = [checks.Finding("ledger", "problem", str(error))]
    if as_json:
        print_json([vars(finding) for finding in found])
    else:
        states = {"ok": "succeeded", "warning": "retrying", "problem": "failed"}
        for finding in found:
            sign = state_text(states[finding.level])
            sign.plain = f"{sign.plain[0]} {finding.level}"
            console_for().print(sign, f"{finding.check}: {finding.message}", highlight=False, soft_wrap=True)
    if any(finding.level == "problem" for finding in found):
        raise typer.Exit(1)


def main() -> None:
    """Runs the command line; every error ends in one sentence and an exit code."""
    as_json = "--json" in sys.argv
    try:
        app()
    except BrokenPipeError:
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - the last place where an error can become a sentence
        sys.exit(fail(error, as_json=as_json))


def _carry_out(deployment: Deployment, run_id: str, *, as_json: bool) -> None:
    console = console_for(as_json=as_json)
    try:
        with own_output() if as_json else nullcontext(), local_ray(deployment) as executor:
            follow_to_end(deployment, run_id, executor, console)
    except KeyboardInterrupt:
        raise typer.Exit(4) from None
    with deployment.ledger.reading() as connection:
        document = run_document(connection, run_id)
        failure = run_row(connection, run_id).error
    if as_json:
        print_json(document)
    else:
        _tell_end(console, document)
    end_of_run(document, failure)


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
    if as_json:
        print_json(document)
    else:
        told = f"Run {run_id} is waiting; `python -m engine run {document['pipeline']}` carries it out."
        console_for().print(told, highlight=False, soft_wrap=True)


def _print_lines(document: list[dict[str, str]]) -> None:
    for line in document:
        typer.echo(f"{line['at']} {line['level']:<7} {line['task']}: {line['message']}")


def _has_ended(deployment: Deployment, run_id: str) -> bool:
    launch.crashed_runs(deployment)
    with deployment.ledger.reading() as connection:
        return run_row(connection, run_id).finished_at is not None
