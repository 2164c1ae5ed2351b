"""Commands that are processes: `worker`, `scheduler`, `up`."""

import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from engine.alerts.watch import watching
from engine.cli.terminal import Home, Json, WithParent, console_for, prepared_deployment_at
from engine.cluster.head import ray_for_runs, refuse_unshared
from engine.deployment import Deployment
from engine.metrics.server import MetricsServer
from engine.process.addresses import is_loopback
from engine.process.log_form import logs_json
from engine.process.logs import log_to_stderr, pass_on
from engine.process.signals import on_stop_signal
from engine.process.supervisor import STOP_SECONDS, Child, keep_running
from engine.scheduling.scheduler import Scheduler
from engine.worker.worker import Worker
from storage.settings import Settings, load_settings

app = typer.Typer()
log = logging.getLogger("loanwatch.engine")

COLOURS = {"worker": "cyan", "scheduler": "magenta", "console": "green"}
CONSOLE = ("-m", "console")  # by name, because the engine must not import the console


@app.command()
def worker(home: Home = None, as_json: Json = False, tied: WithParent = False) -> None:  # noqa: ARG001 - every command has it
    """Execute queued runs until Ctrl-C or SIGTERM, on a private Ray or on LOANWATCH_RAY_ADDRESS.

    It also looks for what to alert and sends the messages; `alerts --help` says more.
    With LOANWATCH_METRICS_PORT, serve metrics for Prometheus on that port of 127.0.0.1.
    """
    log_to_stderr(load_settings(home=home), "worker")
    deployment = prepared_deployment_at(home)
    metrics = MetricsServer(deployment.settings)
    serving = Worker(deployment, ray_for_runs(deployment.settings), lambda: metrics.address)
    on_stop_signal(serving.stop, with_parent=tied)
    with metrics, watching(deployment):
        serving.serve()


@app.command()
def scheduler(home: Home = None, as_json: Json = False, tied: WithParent = False) -> None:  # noqa: ARG001 - as above
    """Request each pipeline's runs when they are due, until Ctrl-C or SIGTERM. A worker executes them.

    It also looks for what to alert and sends the messages, as a worker does.
    """
    log_to_stderr(load_settings(home=home), "scheduler")
    deployment = prepared_deployment_at(home)
    serving = Scheduler(deployment)
    on_stop_signal(serving.stop, with_parent=tied)
    with watching(deployment):
        serving.serve()


@app.command()
def up(
    home: Home = None,
    as_json: Json = False,
    no_console: Annotated[bool, typer.Option("--no-console", help="Do not start the console.")] = False,
) -> None:
    """Run worker, scheduler and console together. A process that ends is restarted. Ctrl-C stops all of them."""
    _log_json_if_asked(load_settings(home=home))
    serve_together(prepared_deployment_at(home), console_for(as_json=as_json), with_console=not no_console)


def serve_together(deployment: Deployment, console: Console, *, with_console: bool = True) -> None:
    """Keeps the processes of a deployment running until Ctrl-C or SIGTERM.

    Raises Refused when the Ray cluster can't reach the ledger or the tables. Exits when the console refuses to start
    without a login.
    """
    _log_json_if_asked(deployment.settings)
    refuse_unshared(deployment.settings)
    names = ["worker", "scheduler"]
    if with_console:
        _check_console(deployment)
        names.append("console")
    processes = f"{', '.join(names[:-1])} and {names[-1]}"
    home = deployment.settings.home.absolute()
    starting = f"Starting {processes} for {home}. Press Ctrl-C to stop them."
    if logs_json():
        log.info("%s", starting)
    else:
        console.print(starting, soft_wrap=True)
    stop = threading.Event()
    on_stop_signal(stop.set, with_parent=False)
    keep_running(children(deployment, console, names), stop, deployment.settings.stop_grace + STOP_SECONDS)


def children(deployment: Deployment, console: Console, names: Sequence[str]) -> list[Child]:
    """The processes of a deployment. Their output is printed to `console` with their names, or logged as JSON."""
    options = ["--home", str(deployment.settings.home.absolute()), "--tied"]
    print_line = pass_on if logs_json() else _Lines(console).print
    commands = {name: ["-m", "engine", name, *options] for name in names} | {"console": [*CONSOLE, *options]}
    return [Child(name, commands[name], print_line) for name in names]


def _log_json_if_asked(settings: Settings) -> None:
    """As text, the lines of `up` are its children's, with their names; it logs itself only as JSON."""
    if settings.log_format == "json" and not logs_json():
        log_to_stderr(settings, "up")


def _check_console(deployment: Deployment) -> None:
    """Exits with the console's exit code when the console refuses to listen on its address."""
    if is_loopback(deployment.settings.console_address):
        return
    home = ["--home", str(deployment.settings.home.absolute())]
    code = subprocess.run([sys.executable, *CONSOLE, "--check", *home], check=False).returncode
    if code:
        raise typer.Exit(code)


class _Lines:
    """Prints the lines of several processes, each with the name of its process."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()

    def print(self, name: str, line: str) -> None:
        with self._lock:
            self._console.print(Text.assemble((f"{name:<9} ", COLOURS.get(name, "")), line), soft_wrap=True)
