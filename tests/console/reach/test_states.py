"""Pages with failed and active runs, dialogs and the sign-in form: axe finds nothing serious, nothing calls out."""

import pytest
from playwright.sync_api import Browser, WebSocket, expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from engine.passwords import write_entry
from tests.console.access.sessions import WORD, entry
from tests.console.journey import PATIENCE, Visitor, visiting
from tests.console.live import running_console
from tests.console.reach.busy import Busy
from tests.sandbox import Sandbox

pytestmark = [pytest.mark.thorough, pytest.mark.alone]


def test_failed_and_active_runs_and_dialogs_can_be_used(busy: Busy, console: str, browser: Browser) -> None:
    failed, active = f"run?run_id={busy.failed()}", f"run?run_id={busy.started()}"
    dialogs = {
        "schedule": "Pause schedule",
        f"models?version={busy.other_version()}": "Promote",
        "alerts": "Acknowledge",
        failed: "Resume",
        active: "Cancel this run",
    }
    told: list[ForwardMsg] = []
    with visiting(browser, console) as visitor:
        visitor.page.on("websocket", lambda socket: _listen(socket, told))
        for path in ("", "alerts", failed, active):
            visitor.open(path)
            assert not visitor.violations_in_both_themes(), path
            if button := dialogs.pop(path, ""):
                _dialog_can_be_used(visitor, button)
        for path, button in dialogs.items():
            visitor.open(path)
            _dialog_can_be_used(visitor, button)
        for _ in range(2):
            visitor.open("drift")
            visitor.press("Notes")
            visitor.sees("Write a note on")
            assert not visitor.violations(), "notes"
            visitor.switch_theme()
        assert visitor.asked == {"127.0.0.1"}
    reports = [each.new_session.config.gather_usage_stats for each in told if each.HasField("new_session")]
    assert len(reports) > len(dialogs)
    assert not any(reports)


def test_the_sign_in_form_can_be_used_by_keyboard(empty_sandbox: Sandbox, browser: Browser) -> None:
    passwords = empty_sandbox.home / "passwords"
    write_entry(passwords, entry("anna", "operator", WORD))
    with (
        running_console(empty_sandbox.home, passwords=passwords) as served,
        visiting(browser, served.url) as visitor,
    ):
        visitor.open()
        assert not visitor.violations_in_both_themes(), "asked"
        _sign_in(visitor, "wrong")
        visitor.sees("The name or the password is wrong.")
        assert not visitor.violations_in_both_themes(), "refused"
        _sign_in(visitor, WORD)
        visitor.reach("Sign out")
        assert not visitor.violations(), "signed in"
        assert visitor.asked == {"127.0.0.1"}


def _dialog_can_be_used(visitor: Visitor, button: str) -> None:
    visitor.press(button)
    expect(visitor.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    visitor.drawn()
    assert not visitor.violations_in_both_themes(), button


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
