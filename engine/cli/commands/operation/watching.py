"""Commands about schedules and processes: `schedule`, `pause`, `health`."""

from typing import Annotated

import typer

from engine.cli.output import print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, day_of, deployment_at
from engine.control import runs
from engine.documents.processes import OUTDATED, health_document, schedule_document
from engine.documents.schedule.calendar import calendar_document

app = typer.Typer()


@app.command()
def schedule(home: Home = None, as_json: Json = False) -> None:
    """Show the next slot of each pipeline, paused schedules, and the recent slots.

    The JSON document has the calendar too: each slot of the 14 days before today and of as many from today on.
    """
    deployment = deployment_at(home)
    document = {**schedule_document(deployment), "calendar": calendar_document(deployment)}
    if as_json:
        print_json(document)
        return
    console = console_for()
    console.print(listing(document["pipelines"], ("pipeline", "timing", "next", "paused")))
    if document["slots"]:
        console.print()
        console.print(listing(document["slots"], ("slot", "outcome", "run_id", "reason")))


@app.command()
def pause(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="The pipeline.")],
    reason: Annotated[str, typer.Option("--reason", help="The reason, which is recorded in the audit log.")],
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="YYYY-MM-DD", help="The day at whose start the pause ends by itself."),
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Pause a pipeline's schedule until a day, or until `resume PIPELINE` resumes it."""
    end = day_of(until, "--until")
    runs.pause_schedule(deployment_at(home), pipeline, reason, until=end)
    if as_json:
        print_json({"pipeline": pipeline, "paused": True, "until": None if end is None else str(end)})
    else:
        advice = f"Resume it with `python -m engine resume {pipeline}`."
        message = f"The schedule of {pipeline} is paused{f' until {end}' if end else ''}. {advice}"
        console_for().print(message, highlight=False, soft_wrap=True)


@app.command()
def health(home: Home = None, as_json: Json = False) -> None:
    """Show whether worker, scheduler and console are running. Exit code 1 means that one of this host is lost."""
    document = health_document(deployment_at(home))
    if as_json:
        print_json(document)
    else:
        console_for().print(listing(document["processes"], ("kind", "state", "host", "pid", "seen")))
        for row in document["processes"]:
            if row["state"] == "alive" and row["detail"].get("outdated"):
                told = f"{row['kind']} {row['pid']} on {row['host']} {OUTDATED}"
                console_for().print(told, highlight=False, soft_wrap=True)
        for address in document["metrics"]:
            console_for().print(f"Metrics: {address}", highlight=False, soft_wrap=True)
    if not document["healthy"]:
        raise typer.Exit(1)
