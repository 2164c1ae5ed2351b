"""Pages with failed and active runs, dialogs and the sign-in form: axe finds nothing serious, nothing calls out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from engine.passwords import write_entry
from tests.console.access.sessions import WORD, entry
from tests.console.journey import PATIENCE, Visitor, visiting
from tests.console.live import running_console
from tests.console.reach.busy import Busy
from tests.console.test_journeys import PAGES
from tests.sandbox import Sandbox

pytestmark = [pytest.mark.thorough, pytest.mark.alone]

THEMES = ("light", "dark")


@pytest.fixture(scope="module")
def busy(monitored_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    made = Busy(monitored_home, tmp_path_factory.mktemp("states") / "home")
    yield made
    made.sandbox.close()


@pytest.fixture(scope="module")
def console(busy: Busy) -> Iterator[str]:
    with running_console(busy.sandbox.home) as served:
        yield served.url


@pytest.mark.parametrize("theme", THEMES)
def test_failed_and_active_runs_and_dialogs_can_be_used(busy: Busy, console: str, browser: Browser, theme: str) -> None:
    failed, active = f"run?run_id={busy.failed}", f"run?run_id={busy.started()}"
    dialogs = {
        "": "Run inference",
        "alerts": "Acknowledge",
        "schedule": "Pause schedule",
        f"models?version={busy.other_version()}": "Promote",
        failed: "Resume",
        active: "Cancel this run",
    }
    told: list[ForwardMsg] = []
    with visiting(browser, console, color_scheme=theme) as visitor:
        visitor.page.on("websocket", lambda socket: _listen(socket, told))
        for path, button in dialogs.items():
            visitor.open(path)
            assert not visitor.violations(), path
            visitor.press(button)
            expect(visitor.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
            visitor.drawn()
            assert not visitor.violations(), (path, button)
        visitor.open("drift")
        visitor.press("Notes")
        visitor.sees("Write a note on")
        assert not visitor.violations(), "notes"
        assert visitor.asked == {"127.0.0.1"}
    reports = [each.new_session.config.gather_usage_stats for each in told if each.HasField("new_session")]
    assert len(reports) > len(dialogs)
    assert not any(reports)


def test_an_empty_console_can_be_used_in_the_dark(empty_sandbox: Sandbox, browser: Browser) -> None:
    with (
        running_console(empty_sandbox.home) as served,
        visiting(browser, served.url, color_scheme="dark") as visitor,
    ):
        for path in PAGES:
            visitor.open(path)
            assert not visitor.violations(), path


def test_the_sign_in_form_can_be_used_by_keyboard(empty_sandbox: Sandbox, browser: Browser) -> None:
    passwords = empty_sandbox.home / "passwords"
    write_entry(passwords, entry("anna", "operator", WORD))
    with running_console(empty_sandbox.home, passwords=passwords) as served:
        for theme in THEMES:
            with visiting(browser, served.url, color_scheme=theme) as visitor:
                visitor.open()
                assert not visitor.violations(), theme
                _sign_in(visitor, "wrong")
                visitor.sees("The name or the password is wrong.")
                assert not visitor.violations(), f"refused, {theme}"
        with visiting(browser, served.url) as visitor:
            visitor.open()
            _sign_in(visitor, WORD)
            visitor.reach("Sign out")
            assert not visitor.violations(), "signed in"
            assert visitor.asked == {"127.0.0.1"}


def _sign_in(visitor: Visitor, password: str) -> None:
    for label, words in (("Name", "anna"), ("Password", password)):
        visitor.tab_to(visitor.page.get_by_role("textbox", name=label, exact=True))
        visitor.page.keyboard.press("Control+A")
        visitor.page.keyboard.type(words)
    visitor.page.keyboard.press("Enter")


def _listen(socket: WebSocket, told: list[ForwardMsg]) -> None:
    def read(block: str | bytes) -> None:
        if isinstance(block, bytes):
            told.append(ForwardMsg.FromString(block))

    socket.on("framereceived", read)
