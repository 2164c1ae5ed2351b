"""The command `replay`: the pipelines over past dates, with the data that was known then."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.status import Status
from rich.text import Text

from engine.backfill.backfill import Plan, Replay, ReplayStopped, planned, refuse_beside_processes
from engine.backfill.history import NO_MODEL
from engine.backfill.strides import stride_of
from engine.cli.foreground import local_ray, own_output
from engine.cli.output import print_error, print_json
from engine.cli.render import SIGNS, interval
from engine.cli.terminal import Data, Home, Json, console_for, day_of, params_of, prepared_deployment_at
from engine.control.extract_folder import default_folder
from engine.deployment import Deployment
from engine.documents.values import Document
from engine.errors import UnusableRequest
from engine.execution.executors import Executor
from engine.process.signals import interrupt_on_sigterm
from storage.ledger.decisions import DATA_FAULT

app = typer.Typer()

# `defaults`, AUC and its interval are of the newest cohorts, which the gate judges; `all` is of all known outcomes.
HEADINGS = ("date", "defaults", "AUC", "95% interval", "all", "estimate", "PSI", "status", "actions")
LINE = "{:<10}  {:>8}  {:>5}  {:<14}  {:>5}  {:>8}  {:>5}  "
LEGEND = "AUC: of the newest mature cohorts, with their defaults, which the gate judges; all: of all known outcomes."


@app.command()
def replay(
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM-DD", help="The first date.")],
    last: Annotated[str, typer.Option("--to", metavar="YYYY-MM-DD", help="The last date; today at most.")],
    every: Annotated[str, typer.Option("--every", help="The stride: day, week, month, or `2 weeks`.")] = "month",
    train_every: Annotated[
        str | None,
        typer.Option(
            "--train-every",
            help="Also train at this stride, such as `6 months`, from --from on (default: only if the gate asks).",
        ),
    ] = None,
    data: Data = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Replay past dates: inference and monitoring with the data known then, and the retrainings that the gate requests.

    The first date trains the first model. Repeat the command to continue a stopped replay. The home must have no
    running worker or scheduler, and no runs of later dates.
    """
    deployment = prepared_deployment_at(home)
    plan = _plan(deployment, (first, last, every), train_every, params_of(None, data))
    refuse_beside_processes(deployment)
    console = console_for(as_json=as_json)
    document = replayed(deployment, plan, console, as_json=as_json)
    if as_json:
        print_json(document)
    elif document["error"]:
        print_error(console, str(document["error"]))
    else:
        print_end(console, document["rows"])
    raise typer.Exit(document["exit_code"])


def replayed(deployment: Deployment, plan: Plan, console: Console, *, as_json: bool) -> Document:
    """Executes a replay on local Ray and prints each date when it is done.

    Returns its rows, state, error and exit code.
    """
    with own_output() if as_json else nullcontext(), local_ray(deployment) as executor:
        return _executed(deployment, plan, executor, console)


def _executed(deployment: Deployment, plan: Plan, executor: Executor, console: Console) -> Document:
    rows: list[Document] = []
    end: dict[str, Any] = {"state": "succeeded", "error": None, "exit_code": 0}
    try:
        with interrupt_on_sigterm(), console.status("") as status:
            for row in Replay(deployment, plan, executor, lambda step: _show(status, step)).rows():
                if not rows:
                    console.print(Text(_line(HEADINGS), "bold"), soft_wrap=True)
                rows.append(row)
                console.print(row_text(row), highlight=False, soft_wrap=True)
    except ReplayStopped as stopped:
        end = {"state": stopped.state, "error": str(stopped), "exit_code": stopped.exit_code}
    except KeyboardInterrupt:
        end = {"state": "cancelled", "error": "The replay was stopped; repeat the command to continue.", "exit_code": 4}
    return {**end, "rows": rows}


def print_end(console: Console, rows: Sequence[Document]) -> None:
    """Prints which AUC is which, and the number of dates, breaches, trainings and promotions."""
    console.print(LEGEND, highlight=False, soft_wrap=True)
    breaches = sum(row["status"] == "breach" for row in rows)
    trainings = [training for row in rows for training in row["trainings"]]
    promoted = sum(training["promoted"] for training in trainings)
    summary = f"{len(rows)} dates, {breaches} in breach; {len(trainings)} trainings, {promoted} promoted."
    console.print(
        f"{summary} See `python -m engine models` and `python -m engine metrics`.", highlight=False, soft_wrap=True
    )


def row_text(row: Document) -> Text:
    """The line of a date: metrics, status and actions."""
    sign, style = SIGNS[row["status"]]
    first, *others = (_shown(row[name]) for name in ("auc", "auc_pooled", "auc_estimate", "psi"))
    numbers = (first, interval(row["auc_low"], row["auc_high"]), *others)
    count = "-" if row["defaults"] is None else f"{row['defaults']:,}"
    return Text.assemble(
        LINE.format(row["date"], count, *numbers), (f"{sign} {row['status']:<12}  ", style), actions_at(row)
    )


def actions_at(row: Document) -> str:
    """The actions at a date: trainings with their result, a suppressed retraining, an escalation."""
    why = row["reason"].partition("No run was requested: ")[2].removesuffix(".")
    gate = {"suppressed": [f"no retraining: {why}"], "escalated": ["escalated to a person"]}
    if row["status"] == DATA_FAULT:
        gate["suppressed"] = ["a person was asked"]
    actions = [*gate.get(row["action"], []), *(_training_text(training) for training in row["trainings"])]
    return "; ".join([*actions, row["reason"]] if row["status"] == NO_MODEL else actions)


def _training_text(training: Document) -> str:
    if training["version"]:
        result = f"{training['version']} {training['outcome']}"
    else:
        result = "no new data" if training["state"] == "succeeded" else "no model"
    return f"{training['asked_by']} training: {result}"


def _plan(deployment: Deployment, span: tuple[str, str, str], train_every: str | None, params: dict[str, Any]) -> Plan:
    first, last, stride = day_of(span[0], "--from"), day_of(span[1], "--to"), stride_of(span[2], "--every")
    if first is None or last is None or first > last:
        raise UnusableRequest(f"--from {span[0]} is after --to {span[1]}; give the earlier date first.")
    if last > deployment.today():
        raise UnusableRequest(f"--to {span[1]} is in the future; today is {deployment.today()}.")
    folder = params.get("data") or default_folder(deployment)
    calendar = stride_of(train_every, "--train-every") if train_every is not None else None
    return planned(deployment, stride.dates(first, last), folder, calendar)


def _line(cells: Sequence[str]) -> str:
    return LINE.format(*cells[:7]) + f"{cells[7]:<14}  {cells[8]}"


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _show(status: Status, step: str) -> None:
    status.update(f"{step} ...")
