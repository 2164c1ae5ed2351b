"""The console as a process: `python -m console` serves streamlit_app.py until it is stopped."""

import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from streamlit import config
from streamlit import logger as streamlit_logger
from streamlit.web import bootstrap

from console.access.policy import refuse_unguarded
from engine.cli.output import fail
from engine.cli.terminal import Home, WithParent, console_for
from engine.deployment import Deployment
from engine.errors import Refused, UnusableRequest
from engine.process.addresses import EVERYWHERE, is_taken, web_address
from engine.process.background import Background
from engine.process.log_form import logs_json
from engine.process.logs import json_formatter, log_to_stderr
from engine.process.registry import ProcessRegistry
from engine.process.signals import at_end_of_input
from storage.errors import StorageError
from storage.settings import Settings, load_settings

log = logging.getLogger("loanwatch.console")

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"
POLL = 0.2  # seconds between two checks for a due heartbeat

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

Port = Annotated[int | None, typer.Option("--port", help="The port to listen on [LOANWATCH_CONSOLE_PORT, 8501].")]
Address = Annotated[str | None, typer.Option("--address", help="The address to listen on [LOANWATCH_CONSOLE_ADDRESS].")]
Check = Annotated[bool, typer.Option("--check", hidden=True, help="Only check whether it may listen there.")]


@app.command()
def serve(
    home: Home = None, port: Port = None, address: Address = None, tied: WithParent = False, check: Check = False
) -> None:
    """Serve the console in the browser until it is stopped (Ctrl-C or SIGTERM)."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    settings = load_settings(home=home, console_port=port, console_address=address)
    log_to_stderr(settings, "console")
    if logs_json():
        _make_streamlit_log_json()
    options = streamlit_options(settings)
    config._main_script_path = str(SCRIPT)  # noqa: SLF001 - as `streamlit run` does, for the config.toml next to it
    bootstrap.load_config_options(options)
    refuse_unguarded(settings)
    if check:
        return
    refuse_taken(settings)
    # The pages open the deployment of the environment.
    os.environ["LOANWATCH_HOME"] = str(settings.home.absolute())
    if tied:
        at_end_of_input(_end_this_process)
    with HeartbeatThread(settings):
        bootstrap.run_asgi_app(str(SCRIPT), f"{SCRIPT.stem}:app", [], options)


def streamlit_options(settings: Settings) -> dict[str, object]:
    """Streamlit's options by the settings of a deployment, with the names of its command line."""
    return {
        "server_address": settings.console_address,
        "server_port": settings.console_port,
        "server_headless": True,
        "logger_hideWelcomeMessage": True,  # the message would query a public host for this machine's address
        "browser_gatherUsageStats": False,
    }


def refuse_taken(settings: Settings) -> None:
    """Raises Refused when another process listens on the address, and UnusableRequest when no process can."""
    address, port = settings.console_address, settings.console_port
    try:
        if is_taken(address, port):
            raise Refused(
                f"Another process uses port {port} on {address}. Choose another port with LOANWATCH_CONSOLE_PORT."
            )
    except OSError as error:
        reason = error.strerror or str(error)
        raise UnusableRequest(
            f"The console can't listen on {address} port {port} ({reason}). Choose other values of "
            "LOANWATCH_CONSOLE_ADDRESS and LOANWATCH_CONSOLE_PORT."
        ) from None


class HeartbeatThread(Background):
    """Registers the console in the ledger when it answers, and sends its heartbeats. It does not call Streamlit."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("console-heartbeat")
        self._settings = settings
        self._address = (settings.console_address, settings.console_port)
        self._detail = {"address": web_address(*self._address)}
        self._registry: ProcessRegistry | None = None

    def work(self) -> None:
        while not self._answers():
            if self.ended.wait(POLL):
                return
        home = self._settings.home.absolute()
        started = f"The console of {home}: {self._detail['address']}"
        if logs_json():
            log.info("%s", started)
        else:
            console_for().print(started, highlight=False, soft_wrap=True)
        trouble = ""
        while not self.ended.wait(POLL):
            try:
                self._beat()
                trouble = ""
            except StorageError as error:  # there is no ledger yet, it is older, or its server is away
                if str(error) != trouble:
                    log.warning("%s", error)
                trouble = str(error)
        if self._registry is not None:
            with suppress(StorageError):
                self._registry.deregister()

    def _beat(self) -> None:
        if self._registry is None:
            registry = ProcessRegistry(Deployment.existing(self._settings), "console")
            registry.register(self._detail)
            self._registry = registry
        else:
            self._registry.heartbeat(self._detail)

    def _answers(self) -> bool:
        address, port = self._address
        host = "127.0.0.1" if address in EVERYWHERE else address
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return True
        return False


def main() -> None:
    """Runs the console. Every error is printed as one sentence and has an exit code."""
    try:
        app(prog_name="python -m console")
    except Exception as error:  # noqa: BLE001 - every error is printed as a sentence
        sys.exit(fail(error))


def _make_streamlit_log_json() -> None:
    """Has Streamlit's loggers, and those of its server, write JSON. They have a handler each, made by one function."""

    def handle_as_json(logger: logging.Logger) -> None:
        handler = logging.StreamHandler()
        handler.setFormatter(json_formatter("console"))
        logger.handlers[:] = [handler]

    streamlit_logger.setup_formatter = handle_as_json
    streamlit_logger.update_formatter()


def _end(*_: object) -> NoReturn:
    """Ends the process during its start, before Streamlit installs its own signal handler."""
    sys.exit(0)


def _end_this_process() -> None:
    # The reader of the output has ended, and Streamlit prints a line before it stops.
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)
    os.kill(os.getpid(), signal.SIGTERM)
