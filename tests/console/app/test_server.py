"""`python -m console`: a real process, as people and `up` start it."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from engine.documents.processes import health_document
from storage.settings import Settings
from tests.console.live import answers, free_port
from tests.marks import others_thorough
from tests.paths import ROOT
from tests.processes import DEADLINE, until
from tests.sandbox import Sandbox

Console = subprocess.Popen[str]


@contextmanager
def console(home: Path, *words: str, **settings: object) -> Iterator[Console]:
    given = {f"LOANWATCH_{name.upper()}": str(value) for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "--home", str(home), *words],
        cwd=ROOT,
        env={**os.environ, **given},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def port() -> int:
    return free_port()


def address_told(process: Console) -> str:
    """The address that the console prints once it answers."""
    line = process.stdout.readline() if process.stdout else ""
    found = re.search(r"http://\S+$", line)
    assert found, line
    return found[0]


def states(sandbox: Sandbox) -> list[tuple[str, str]]:
    return [(row["kind"], row["state"]) for row in health_document(sandbox.deployment)["processes"]]


@pytest.mark.parametrize(
    "how", others_thorough([signal.SIGTERM, signal.SIGINT, None]), ids=["SIGTERM", "Ctrl-C", "tied"]
)
def test_it_serves_and_is_in_the_ledger_until_it_is_told_to_end(
    empty_sandbox: Sandbox, port: int, how: signal.Signals | None
) -> None:
    with console(empty_sandbox.home, "--port", str(port), "--tied") as process:
        url = address_told(process)
        assert url == f"http://127.0.0.1:{port}"
        assert answers(f"{url}/_stcore/health")
        until(lambda: states(empty_sandbox) == [("console", "alive")], "console in the ledger")
        (row,) = health_document(empty_sandbox.deployment)["processes"]
        assert row["detail"] == {"address": url}
        if how is None:
            assert process.stdin
            process.stdin.close()
            process.stdin = None
        else:
            process.send_signal(how)
        assert process.wait(DEADLINE) == 0
        assert process.stderr
        assert "Traceback" not in process.stderr.read()
    assert states(empty_sandbox) == [("console", "stopped")]


@pytest.mark.thorough
def test_it_beats_while_it_serves(empty_sandbox: Sandbox, port: int) -> None:
    with console(empty_sandbox.home, "--port", str(port), heartbeat=0.3) as process:
        address_told(process)
        seen = until(lambda: health_document(empty_sandbox.deployment)["processes"], "console in the ledger")[0]["seen"]
        until(lambda: health_document(empty_sandbox.deployment)["processes"][0]["seen"] != seen, "beat")


@pytest.mark.thorough
def test_it_ends_quickly_though_a_browser_looks_at_it(empty_sandbox: Sandbox, port: int, browser: Browser) -> None:
    with console(empty_sandbox.home, console_port=port) as process:
        page = browser.new_page()
        page.goto(address_told(process))
        page.get_by_role("heading", name="Overview").wait_for()
        process.terminate()
        assert process.wait(DEADLINE) == 0
        page.close()


@pytest.mark.thorough
def test_a_port_that_is_taken_is_told_with_what_to_set(empty_sandbox: Sandbox, port: int) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with console(empty_sandbox.home, console_port=port) as process:
            told, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 5
    assert told == ""
    assert errors.splitlines() == [
        f"error: Another process uses port {port} on 127.0.0.1. Choose another port with LOANWATCH_CONSOLE_PORT."
    ]
    assert states(empty_sandbox) == []


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--address", "0.0.0.0"), 5, "would listen on 0.0.0.0 without a login"),  # noqa: S104
        (("--address", ""), 2, "LOANWATCH_CONSOLE_ADDRESS"),
        (("--port", "70000"), 2, "LOANWATCH_CONSOLE_PORT"),
    ],
)
def test_a_place_where_it_must_not_listen_is_refused(
    empty_sandbox: Sandbox, words: tuple[str, ...], code: int, told: str
) -> None:
    with console(empty_sandbox.home, *words) as process:
        said, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == code
    assert said == ""
    assert told in errors
    assert len(errors.splitlines()) == 1


def test_it_listens_on_this_machine_unless_told_otherwise() -> None:
    assert Settings.model_fields["console_address"].default == "127.0.0.1"
