"""A real console, started as people start it, and a real browser that looks at it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, expect, sync_playwright

from engine.process.registry import alive
from tests.live import Site
from tests.paths import ROOT
from tests.processes import DEADLINE, until

CHROMIUM = Path("/usr/bin/chromium")
# Nothing of the browser's own may look for the network: what is asked for is what the pages ask for.
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class LiveConsole:
    """A console that serves a home, and where."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path


@contextmanager
def running_console(home: Path, **settings: object) -> Iterator[LiveConsole]:
    """The console of a home, gone when the block ends; `settings` are Loanwatch's, by name."""
    port = free_port()
    given = {f"LOANWATCH_{name.upper()}": str(value) for name, value in settings.items()}
    log = home.parent / f"console-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
            cwd=ROOT,
            env={**os.environ, **given, "LOANWATCH_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: process.poll() is not None or answers(f"{url}/_stcore/health"), "console")
        assert process.poll() is None, log.read_text()
        yield LiveConsole(process, url, log)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(DEADLINE)
        process.kill()


@contextmanager
def running_browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with sync_playwright() as playwright:
        expect.set_options(timeout=1000 * DEADLINE)
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


def free_port() -> int:
    """A port of loopback that nothing listens on."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether something answers there."""
    with suppress(OSError), urlopen(url, timeout=10) as response:  # noqa: S310 - of loopback
        return bool(response.status == 200)
    return False


@contextmanager
def running_up(site: Site) -> Iterator[str]:
    """The address of the console of `python -m engine up`, once its worker has its Ray; gone when the block ends."""
    url = f"http://127.0.0.1:{site.settings['console_port']}"
    log = site.home / "up.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "up"],
            cwd=ROOT,
            env=site.environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until(lambda: process.poll() is not None or _serves(site, url), "worker and console")
        assert process.poll() is None, log.read_text()
        yield url
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(DEADLINE)
        process.kill()


def _serves(site: Site, url: str) -> bool:
    workers = alive(site.deployment, "worker")
    return bool(workers) and workers[0].detail["ray"] == "up" and answers(f"{url}/_stcore/health")
