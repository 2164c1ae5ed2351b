"""Commands that show runs: `runs`, `show`, `logs`."""

import time
from typing import Annotated

import typer

from engine.cli.accounts import accounts_view
from engine.cli.output import print_json
from engine.cli.render import SIGNS, listing, run_view
from engine.cli.terminal import Home, Json, RunId, console_for, deployment_at
from engine.control.runs import reap_stale_runs
from engine.deployment import Deployment
from engine.documents.running.grid import grid_document
from engine.documents.running.outlook import outlook_document
from engine.documents.runs import log_document, new_lines, run_details, runs_document, tried_again
from engine.documents.values import Document
from engine.errors import UnusableRequest
from engine.process.registry import waiting_for, waiting_message
from storage.db.schema import RUN_STATES
from storage.ledger.runs import run_row

app = typer.Typer()

LOG_PAUSE = 0.5  # seconds between two reads of a followed log


@app.command()
def runs(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="The number of runs, newest first.")] = 20,
    pipeline: Annotated[str | None, typer.Option(help="Only runs of this pipeline.")] = None,
    state: Annotated[str | None, typer.Option(help="Only runs in this state.")] = None,
    fold: Annotated[bool, typer.Option("--fold", help="Show repeated failures for one reason as one line.")] = False,
    grid: Annotated[bool, typer.Option("--grid", help="Show the tasks of the newest runs of --pipeline.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List the newest runs."""
    deployment = deployment_at(home)
    if state and state not in RUN_STATES:
        raise UnusableRequest(f"There is no state {state!r}; the states are {', '.join(RUN_STATES)}.")
    reap_stale_runs(deployment)
    if grid:
        _print_grid(deployment, pipeline, limit, as_json=as_json)
        return
    with deployment.ledger.reading() as connection:
        rows = runs_document(connection, limit, pipeline, state, fold=fold)
    documents = [{**row, "waiting_for": waiting_for(deployment, row["state"])} for row in rows]
    if as_json:
        print_json(documents)
    elif not documents:
        console_for().print("No runs yet. Start one with `python -m engine run training`.")
    else:
        names = ("run_id", "state", "as_of", "cause", "duration_s", "requested_at")
        shown = [{**row, "cause": f"{row['cause']}, trial" if row["trial"] else row["cause"]} for row in documents]
        console_for().print(listing(shown, (*names, "times", "since") if fold else names))
        _print_waiting(documents)


@app.command()
def show(run_id: RunId, home: Home = None, as_json: Json = False) -> None:
    """Show a run: its tasks, retries, accounts of records, rows, nulls, customers and loans, follow-up runs."""
    deployment = deployment_at(home)
    reap_stale_runs(deployment)
    with deployment.ledger.reading() as connection:
        document = run_details(connection, run_id)
        document |= outlook_document(deployment, connection, run_row(connection, run_id))
    document["waiting_for"] = waiting_for(deployment, document["state"])
    if as_json:
        print_json(document)
        return
    console = console_for()
    console.print(run_view(document))
    _print_waiting([document])
    for name in ("cause", "cause_run_id", "parent_run_id", "led_to", "params", "error", "expected_end", "deadline"):
        if document[name]:
            value = ", ".join(document[name]) if isinstance(document[name], list) else document[name]
            console.print(f"{name.replace('_', ' ')}: {value}", highlight=False, soft_wrap=True)
    for attempt in tried_again(document["attempts"]):
        part = f" ({attempt['part']})" if attempt["part"] else ""
        told = f"tried again: {attempt['task']}{part}, attempt {attempt['attempt']}: {attempt['error']}"
        console.print(told, highlight=False, soft_wrap=True)
    if document["impact"]:
        console.print("impact:", *document["impact"]["sentences"], highlight=False, soft_wrap=True)
    if document["accounts"]:
        console.print(accounts_view(document), highlight=False, soft_wrap=True)


@app.command()
def logs(
    run_id: RunId,
    task: Annotated[str | None, typer.Argument(help="Only the lines of this task.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Print new lines until the run has ended.")] = False,
    limit: Annotated[int, typer.Option("--lines", min=1, help="The number of lines, the newest ones.")] = 10_000,
    every: Annotated[bool, typer.Option("--all", help="Print every line.")] = False,
    search: Annotated[str, typer.Option(help="Only lines with this text, in letters of either case.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Print the log of a run: its newest lines. It says how many older ones were left out, in JSON as `left_out`."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        run_id = run_row(connection, run_id).run_id
        document = log_document(connection, run_id, task, None if every else limit, search)
    if as_json:
        print_json(document)
        return
    lines = document["lines"]
    if document["left_out"]:
        told = f"{document['left_out']:,} older lines are left out; `logs {run_id} --all` prints every line."
        typer.echo(told, err=True)
    _print_lines(lines)
    ended = not follow
    while not ended:
        time.sleep(LOG_PAUSE)
        ended = _has_ended(deployment, run_id)  # before the last lines are read, so that no line is missed
        with deployment.ledger.reading() as connection:
            new = new_lines(connection, run_id, task, lines[-1]["id"] if lines else 0, search)
        _print_lines(new)
        lines = new or lines


def _print_grid(deployment: Deployment, pipeline: str | None, limit: int, *, as_json: bool) -> None:
    """Prints a row for each task of the newest runs of a pipeline, with the sign of its state in each of them."""
    if pipeline is None or pipeline not in deployment.pipelines:
        raise UnusableRequest(f"--grid needs --pipeline: one of {', '.join(deployment.pipelines)}.")
    with deployment.ledger.reading() as connection:
        document = grid_document(connection, pipeline, limit)
    if as_json:
        print_json(document)
        return
    rows = []
    for task in document["tasks"]:
        states = (task["cells"].get(run["run_id"]) for run in document["runs"])
        signs = " ".join(SIGNS[cell["state"]][0] if cell else " " for cell in states)
        rows.append({"task": task["task"], "usual_s": task["usual_s"], "runs, newest last": signs})
    console_for().print(listing(rows, ("task", "usual_s", "runs, newest last")))
    if trials := [run["run_id"] for run in document["runs"] if run["trial"]]:
        told = f"Trials, which publish nothing: {', '.join(trials)}."
        console_for().print(told, highlight=False, soft_wrap=True)


def _print_waiting(documents: list[Document]) -> None:
    """Prints a message for each queued run when no worker is running."""
    for document in documents:
        if document["waiting_for"]:
            message = waiting_message(document["run_id"], document["pipeline"])
            console_for().print(message, highlight=False, soft_wrap=True)


def _print_lines(document: list[Document]) -> None:
    for line in document:
        typer.echo(f"{line['at']} {line['level']:<7} {line['task']}: {line['message']}")


def _has_ended(deployment: Deployment, run_id: str) -> bool:
    reap_stale_runs(deployment)
    with deployment.ledger.reading() as connection:
        return run_row(connection, run_id).finished_at is not None
