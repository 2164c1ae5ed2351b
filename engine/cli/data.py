"""Commands about data and results: `sample`, `metrics`, `tables`, `demo`."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from engine.backfill.backfill import planned, refuse_company
from engine.backfill.strides import Stride
from engine.cli.backfill import print_end, replayed
from engine.cli.foreground import local_ray, own_output
from engine.cli.processes import serve_together
from engine.cli.render import listing
from engine.cli.terminal import Home, Json, console_for, deployment_at, print_error, print_json
from engine.deployment import Deployment
from engine.documents.runs import (
    Document,
    metrics_document,
    tables_document,
)
from jobs.sample.write import SampleSpec, existing_extracts, write_sample
from storage.ledger.runs import recent_runs

app = typer.Typer()

DEMO_CUSTOMERS = 12_500
DEMO_SEED = 7
DEMO_DRIFT = 0.35  # enough for the gate to ask for retrains, little enough for them to help
# The sample's loans begin from January 2023 to January 2025, so the newest outcomes are known in July 2025.
DEMO_YEAR = date(2024, 8, 1), date(2025, 7, 1)

Customers = Annotated[int, typer.Option("--customers", help="How many customers, one loan each.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed gives the same bytes.")]
Drift = Annotated[float, typer.Option("--drift", help="Shift the newest cohorts by so many standard deviations.")]


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to put the four extracts.")],
    customers: Customers = DEMO_CUSTOMERS,
    seed: Seed = DEMO_SEED,
    drift: Drift = 0.0,
    home: Home = None,  # noqa: ARG001 - every command takes it; DIR says where the sample goes
    as_json: Json = False,
) -> None:
    """Make a realistic raw dataset: the columns, formats and dirt of a real loan book, all of it invented."""
    rows = make_sample(folder, SampleSpec(customers, seed, drift), console_for(as_json=as_json))
    if as_json:
        print_json({"folder": str(folder), "rows": rows})
    else:
        told = [{"extract": str(folder / name), "rows": count} for name, count in rows.items()]
        console_for().print(listing(told, ("extract", "rows")))


def make_sample(folder: Path, spec: SampleSpec, console: Console) -> dict[str, int]:
    """Rows written to each extract, while a bar shows how far it is."""
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
def metrics(home: Home = None, as_json: Json = False) -> None:
    """Show the monitoring history."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        documents = metrics_document(connection, deployment)
    columns = ("monitoring_date", "status", "auc", "auc_low", "auc_high", "labelled", "psi", "psi_chance_level")
    empty = "No monitoring results yet; `python -m engine run monitoring` makes some."
    _show(documents, (*columns, "window_rows", "model_version"), empty, as_json=as_json)


@app.command()
def tables(home: Home = None, as_json: Json = False) -> None:
    """List the published tables."""
    deployment = deployment_at(home)
    with deployment.ledger.reading() as connection:
        documents = tables_document(connection, deployment)
    empty = "No tables yet; `python -m engine run training` makes them."
    _show(documents, ("table", "rows", "bytes", "version", "published_at"), empty, as_json=as_json)


def _show(documents: Sequence[Document], columns: Sequence[str], empty: str, *, as_json: bool) -> None:
    if as_json:
        print_json(documents)
    else:
        console_for().print(listing(documents, columns) if documents else empty)


@app.command()
def demo(
    home: Home = None,
    as_json: Json = False,
    no_console: Annotated[bool, typer.Option("--no-console", help="End when that is done.")] = False,
) -> None:
    """Make sample data whose newest loans drift, replay a year of governing them, then go on as `up` until Ctrl-C."""
    deployment = deployment_at(home)
    refuse_company(deployment)
    console = console_for(as_json=as_json)
    folder = deployment.settings.home / "data"
    if existing_extracts(folder):
        console.print(f"Using the extracts in {folder}.", highlight=False)
    else:
        make_sample(folder, SampleSpec(DEMO_CUSTOMERS, DEMO_SEED, DEMO_DRIFT), console)
    plan = planned(deployment, Stride(1, "month").dates(*DEMO_YEAR), str(folder.absolute()))
    with own_output() if as_json else nullcontext(), local_ray(deployment) as executor:
        document = replayed(deployment, plan, executor, console)
    if as_json:
        print_json(document)
    if document["error"]:
        print_error(console, str(document["error"]))
        raise typer.Exit(document["exit_code"])
    print_end(console, document["rows"])
    _tell_where(deployment, console)
    if not (as_json or no_console):
        serve_together(deployment, console)


def _tell_where(deployment: Deployment, console: Console) -> None:
    settings = deployment.settings
    with deployment.ledger.reading() as connection:
        waiting = recent_runs(connection, 5, state="queued")
        newest = metrics_document(connection, deployment)[-1]
    places = {
        "extracts": settings.home / "data",
        "tables": settings.datamart_root,
        "models": settings.models_root,
        "dashboard": f"{settings.reports_root}/monitoring_dashboard_{newest['monitoring_date'].replace('-', '')}.png",
        "ledger": deployment.ledger.place,
    }
    console.print()
    for name, place in places.items():
        console.print(f"{name:<10} {place}", highlight=False, soft_wrap=True)
    for run in waiting:
        told = f"The governance gate asked for {run.run_id}; `python -m engine run {run.pipeline}` carries it out."
        console.print(told, highlight=False, soft_wrap=True)
    console.print(f"Next: `{_python()} -m engine models`, `metrics`, `tables`, `runs`, `doctor`.", highlight=False)


def _python() -> str:
    """This interpreter as a person would type it from here."""
    path = Path(sys.executable)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
