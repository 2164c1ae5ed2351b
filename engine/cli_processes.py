"""Commands about processes and schedules: `worker`, `scheduler`, `up`, `schedule`, `pause`, `health`."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from engine import launch
from engine.deployment import Deployment
from engine.head import ray_for_runs, refuse_unshared
from engine.overview import health_document, schedule_document
from engine.scheduler import Scheduler
from engine.supervisor import Child, keep_running
from engine.terminal import Home, Json, console_for, deployment_at, print_json
from engine.views import listing
from engine.worker import Worker

app = typer.Typer()

END_GRACE = 15.0  # seconds that a process has to end, beyond the grace that a worker gives its runs
COLOURS = {"worker": "cyan", "scheduler": "magenta", "console": "green"}

Tied = Annotated[bool, typer.Option("--tied", hidden=True, help="End when standard input does.")]


@app.command()
def worker(home: Home = None, as_json: Json = False, tied: Tied = False) -> None:  # noqa: ARG001 - --json everywhere
    """Carry out waiting runs until told to stop (Ctrl-C or SIGTERM), on a private Ray or LOANWATCH_RAY_ADDRESS."""
    deployment = deployment_at(home)
    _log_to_stderr()
    serving = Worker(deployment, ray_for_runs(deployment.settings))
    _until_told(serving.stop, tied=tied)
    serving.serve()


@app.command()
def scheduler(home: Home = None, as_json: Json = False, tied: Tied = False) -> None:  # noqa: ARG001 - as above
    """Request each pipeline's runs when they are due, until told to stop; a worker carries them out."""
    deployment = deployment_at(home)
    _log_to_stderr()
    serving = Scheduler(deployment)
    _until_told(serving.stop, tied=tied)
    serving.serve()


@app.command()
def up(home: Home = None, as_json: Json = False) -> None:
    """Run worker and scheduler together; what dies is started again, one Ctrl-C stops all."""
    deployment = deployment_at(home)
    refuse_unshared(deployment.settings)
    console = console_for(as_json=as_json)
    console.print(f"Loanwatch of {deployment.settings.home.absolute()}: worker and scheduler; Ctrl-C stops both.")
    stop = threading.Event()
    _until_told(stop.set, tied=False)
    keep_running(children(deployment, console), stop, deployment.settings.stop_grace + END_GRACE)


def children(deployment: Deployment, console: Console) -> list[Child]:
    """The processes of a deployment, whose lines go to the console with their names before them."""
    place = ["--home", str(deployment.settings.home.absolute())]
    lines = _Lines(console)
    return [Child(name, ["-m", "engine", name, *place, "--tied"], lines.print) for name in ("worker", "scheduler")]


@app.command()
def schedule(home: Home = None, as_json: Json = False) -> None:
    """Show when each pipeline is due next, what is paused, and what became of the last slots."""
    deployment = deployment_at(home)
    document = schedule_document(deployment)
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
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="The pipeline whose schedule is to pause.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; it is kept and shown.")],
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Pause a pipeline's schedule; `resume PIPELINE` lets it go on."""
    launch.pause_schedule(deployment_at(home), pipeline, reason)
    if as_json:
        print_json({"pipeline": pipeline, "paused": True})
    else:
        told = f"The schedule of {pipeline} is paused; `python -m engine resume {pipeline}` lets it go on."
        console_for().print(told, highlight=False, soft_wrap=True)


@app.command()
def health(home: Home = None, as_json: Json = False) -> None:
    """Tell whether worker and scheduler are alive; ends with 1 when one of this host's is silent."""
    document = health_document(deployment_at(home))
    if as_json:
        print_json(document)
    else:
        console_for().print(listing(document["processes"], ("kind", "state", "host", "pid", "seen")))
    if not document["healthy"]:
        raise typer.Exit(1)


class _Lines:
    """Prints lines of several processes, one at a time, with their names before them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()

    def print(self, name: str, line: str) -> None:
        with self._lock:
            self._console.print(Text.assemble((f"{name:<9} ", COLOURS.get(name, "")), line), soft_wrap=True)


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, format="%(asctime)s %(levelname)-7s %(message)s", level=logging.WARNING)
    logging.getLogger("loanwatch").setLevel(logging.INFO)


def _until_told(stop: Callable[[], None], *, tied: bool) -> None:
    """Has SIGTERM and Ctrl-C call `stop`, and the end of standard input too when the process is tied to another."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())
    if tied:
        threading.Thread(target=_stop_at_end_of_input, args=(stop,), daemon=True, name="tied").start()


def _stop_at_end_of_input(stop: Callable[[], None]) -> None:
    while os.read(0, 1024):
        pass
    stop()
