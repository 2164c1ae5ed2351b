"""Commands about sample data: `sample`, `demo`."""

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from engine.backfill.backfill import planned, refuse_beside_processes
from engine.backfill.strides import Stride
from engine.cli.commands.backfill import print_end, replayed
from engine.cli.commands.processes import serve_together
from engine.cli.output import print_error, print_json
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, prepared_deployment_at
from engine.deployment import Deployment
from engine.documents.tables import metrics_document
from jobs.sample.write import DEMO, LAST_OUTCOMES, SampleSpec, existing_extracts, write_sample
from storage.ledger.runs import queued_runs

app = typer.Typer()

DEMO_CUSTOMERS, DEMO_SEED, DEMO_DRIFT = DEMO.customers, DEMO.seed, DEMO.drift
DEMO_YEAR = date(2024, 8, 1), LAST_OUTCOMES

Customers = Annotated[int, typer.Option("--customers", help="Number of customers, with one loan each.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")]
Drift = Annotated[float, typer.Option("--drift", help="Shift of the newest cohorts, in standard deviations.")]


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder for the four extracts.")],
    customers: Customers = DEMO_CUSTOMERS,
    seed: Seed = DEMO_SEED,
    drift: Drift = 0.0,
    home: Home = None,  # noqa: ARG001 - every command has this option
    as_json: Json = False,
) -> None:
    """Write an invented sample dataset with the columns, formats and data errors of a real loan book."""
    rows = make_sample(folder, SampleSpec(customers, seed, drift), console_for(as_json=as_json))
    if as_json:
        print_json({"folder": str(folder), "rows": rows})
    else:
        listed = [{"extract": str(folder / name), "rows": count} for name, count in rows.items()]
        console_for().print(listing(listed, ("extract", "rows")))


def make_sample(folder: Path, spec: SampleSpec, console: Console) -> dict[str, int]:
    """Writes a sample with a progress bar. Returns the number of rows of each extract."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task(f"{spec.customers:,} customers", total=None)
        return write_sample(folder, spec, lambda done, total: progress.update(bar, completed=done, total=total))


@app.command()
def demo(
    home: Home = None,
    as_json: Json = False,
    no_console: Annotated[bool, typer.Option("--no-console", help="Exit after the replay.")] = False,
) -> None:
    """Write sample data with drift, replay twelve months on it, then run worker, scheduler and console until Ctrl-C."""
    deployment = prepared_deployment_at(home)
    refuse_beside_processes(deployment)
    console = console_for(as_json=as_json)
    folder = deployment.settings.home / "data"
    if existing_extracts(folder):
        console.print(f"Using the extracts in {folder}.", highlight=False)
    else:
        make_sample(folder, SampleSpec(DEMO_CUSTOMERS, DEMO_SEED, DEMO_DRIFT), console)
    plan = planned(deployment, Stride(1, "month").dates(*DEMO_YEAR), str(folder.absolute()))
    document = replayed(deployment, plan, console, as_json=as_json)
    if as_json:
        print_json(document)
    if document["error"]:
        print_error(console, str(document["error"]))
        raise typer.Exit(document["exit_code"])
    print_end(console, document["rows"])
    _print_paths(deployment, console)
    if not (as_json or no_console):
        serve_together(deployment, console)


def _print_paths(deployment: Deployment, console: Console) -> None:
    settings = deployment.settings
    with deployment.ledger.reading() as connection:
        queued = queued_runs(connection)
        newest = metrics_document(connection, deployment)[-1]
    picture = f"monitoring_dashboard_{newest['monitoring_date'].replace('-', '')}.png"
    paths = {
        "extracts": (settings.home / "data").absolute(),
        "tables": deployment.datamart.folder.address,
        "models": deployment.models.folder.address,
        "dashboard": f"{deployment.reports.folder.address}/{picture}",
        "ledger": deployment.ledger.address,
    }
    console.print()
    for name, path in paths.items():
        console.print(f"{name:<10} {path}", highlight=False, soft_wrap=True)
    for run in queued:
        message = f"The governance gate requested {run.run_id}. Execute it with `python -m engine run {run.pipeline}`."
        console.print(message, highlight=False, soft_wrap=True)
    console.print(f"Next: `{_python()} -m engine models`, `metrics`, `tables`, `runs`, `doctor`.", highlight=False)


def _python() -> str:
    """The path of this interpreter, relative to the current folder when it is inside it."""
    path = Path(sys.executable)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
