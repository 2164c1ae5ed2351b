"""Links between pages, in a real browser: the session, and who signed in to it, stays."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from engine.passwords import new_entry, write_entry
from storage.ledger.audit import Action, record_action
from tests.console.live import running_console
from tests.sandbox import Sandbox

WORD = "correct horse battery"


@pytest.mark.thorough
def test_a_link_is_followed_within_the_session(empty_sandbox: Sandbox, tmp_path: Path, browser: Browser) -> None:
    path = tmp_path / "passwords"
    write_entry(path, new_entry("anna", "operator", WORD))
    with empty_sandbox.deployment.ledger.writing() as connection:
        record_action(connection, Action("anna", "pause", "inference"), empty_sandbox.deployment.ledger.clock())
    with running_console(empty_sandbox.home, passwords=path) as console:
        page = browser.new_page()
        page.goto(f"{console.url}/audit?action=pause")
        page.get_by_role("textbox", name="Name").fill("anna")
        page.get_by_role("textbox", name="Password").fill(WORD)
        page.get_by_role("textbox", name="Password").press("Enter")
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()
        page.get_by_role("link", name="inference").click()
        expect(page.get_by_role("heading", name="Schedule", exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile(r"/schedule$"))
        expect(page.get_by_text("anna, operator")).to_be_visible()
        page.go_back()
        expect(page.get_by_role("heading", name="Audit")).to_be_visible()
        expect(page.get_by_text("anna, operator")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.close()
