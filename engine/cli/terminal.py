"""Shared by all commands: options, output and exit codes."""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console

from engine.cli.output import print_json
from engine.deployment import Deployment
from engine.errors import UnusableRequest
from storage.db.migrations.version import NoLedger
from storage.settings import is_remote, load_settings

WIDTH_OF_FILES = 160  # characters, for output that is not a terminal
EXIT_CODES = {"succeeded": 0, "failed": 1, "crashed": 1, "cancelled": 4, "skipped": 5}

Home = Annotated[
    Path | None, typer.Option("--home", help="The folder of the deployment [LOANWATCH_HOME, ./loanwatch-home].")
]
Json = Annotated[bool, typer.Option("--json", help="Print only one JSON document to standard output.")]
Data = Annotated[str | None, typer.Option("--data", help="The folder of the extracts [LOANWATCH_DATA, HOME/data].")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="The id of a run, or `latest`.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="YYYY-MM-DD", help="The as-of date: later data is ignored (default: today)."),
]
WithParent = Annotated[bool, typer.Option("--tied", hidden=True, help="Stop when standard input ends.")]
Params = Annotated[
    list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A setting for this run; may be repeated.")
]


def deployment_at(home: Path | None) -> Deployment:
    """The deployment of `--home`, or of the environment. It is not made, and its ledger is not migrated.

    Raises NoLedger, LedgerTooOld or LedgerTooNew unless its ledger has the schema of this release.
    """
    return Deployment.existing(load_settings(home=home))


def prepared_deployment_at(home: Path | None) -> Deployment:
    """The same deployment, for commands that do the work of a worker or scheduler: made or migrated when needed."""
    return Deployment.open(load_settings(home=home))


def new_deployment_at(home: Path | None) -> Deployment:
    """The same deployment, made when there is none; an older ledger is refused."""
    try:
        return deployment_at(home)
    except NoLedger:
        return prepared_deployment_at(home)


def console_for(*, as_json: bool = False) -> Console:
    """The console for text: standard output, or standard error when standard output is for JSON."""
    stream = sys.stderr if as_json else sys.stdout
    width = None if stream.isatty() else WIDTH_OF_FILES
    return Console(stderr=as_json, quiet=as_json and not stream.isatty(), width=width, markup=False)


def day_of(text: str | None, option: str = "--as-of") -> date | None:
    """The date of a text `YYYY-MM-DD`. Raises UnusableRequest for any other text."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UnusableRequest(f"{option} {text!r} is not a date; write it as YYYY-MM-DD.") from None


def params_of(pairs: Sequence[str] | None, data: str | None) -> dict[str, Any]:
    """The parameters of `--param NAME=VALUE` and `--data`. Raises UnusableRequest for an incomplete pair."""
    params: dict[str, Any] = {}
    for pair in pairs or ():
        name, sign, value = pair.partition("=")
        if not sign or not name:
            raise UnusableRequest(f"--param {pair!r} has no name and value; write it as NAME=VALUE.")
        params[name] = value
    if data is not None:
        if not data.strip():
            raise UnusableRequest("--data is empty; give the folder of the extracts.")
        params["data"] = data if is_remote(data) else str(Path(data).absolute())
    return params


def end_of_run(document: Mapping[str, Any], failure: Mapping[str, Any] | None) -> NoReturn:
    """Ends the process with the exit code of the run's state, or of the error of a failed run."""
    code = EXIT_CODES.get(document["state"], 1)
    if document["state"] == "failed" and failure:
        code = int(failure.get("exit_code", 1))
    raise typer.Exit(code)


def print_outcome(message: str, document: Any, *, as_json: bool) -> None:
    """Prints the result of a command: the document as JSON, else the message."""
    if as_json:
        print_json(document)
    else:
        console_for().print(message, highlight=False, soft_wrap=True)
