"""The command `report`: a model in one page for a committee."""

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at, print_outcome
from engine.errors import UnusableRequest
from engine.report.page import report as report_page
from engine.report.writing import checked_target, write_report

app = typer.Typer()


@app.command()
def report(
    out: Annotated[
        Path, typer.Argument(metavar="OUT.html", help="The file for the page; one that is there is replaced.")
    ],
    version: Annotated[
        str | None, typer.Option("--model", metavar="VERSION", help="A registered version; else the champion.")
    ] = None,
    day: Annotated[
        str | None, typer.Option("--date", metavar="YYYY-MM-DD", help="The champion and its figures on that date.")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Write all that is known of a model into one HTML page, to read without a network and to print.

    By default of the champion of today; with --date of the champion of that date, with what was known then.
    """
    if version is not None and day is not None:
        raise UnusableRequest("--model and --date can't be given together; give one of them.")
    chosen = day_of(day, "--date")
    checked_target(out)
    deployment = deployment_at(home)
    console = console_for(as_json=as_json)
    with console.status("Writing the report") if console.is_terminal else nullcontext():
        content = report_page(deployment, version, chosen)
        write_report(out, content)
    print_outcome(f"{out}: {len(content):,} bytes.", {"file": str(out), "bytes": len(content)}, as_json=as_json)
