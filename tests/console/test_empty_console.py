"""A console of a deployment in which nothing has happened, in a real browser: seen and used by keyboard."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.console.journey import PATIENCE, Visitor, visiting
from tests.console.live import running_console
from tests.console.test_journeys import PAGES
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough


@pytest.fixture
def visitor(empty_sandbox: Sandbox, browser: Browser) -> Iterator[Visitor]:
    with running_console(empty_sandbox.home) as console, visiting(browser, console.url) as found:
        yield found


def test_empty_pages_can_be_used(visitor: Visitor) -> None:
    for path in PAGES:
        visitor.open(path)
        assert not visitor.violations_in_both_themes(), path
        assert visitor.overhang() <= 0, path
    assert not visitor.strangers()


def test_a_schedule_is_paused_and_resumed_by_keyboard_alone(visitor: Visitor) -> None:
    visitor.open("schedule")
    pause = visitor.button("Pause schedule").first
    visitor.tab_to(pause)
    visitor.page.keyboard.press("Enter")
    dialog = visitor.page.get_by_role("dialog")
    visitor.tab_to(dialog.get_by_role("textbox", name="Reason"))
    visitor.page.keyboard.type("the extracts are late")
    visitor.tab_to(dialog.get_by_role("button", name="Pause schedule", exact=True))
    visitor.page.keyboard.press("Enter")
    expect(dialog).to_have_count(0, timeout=PATIENCE)
    visitor.sees("the extracts are late")
    visitor.reach("Resume schedule")
    visitor.page.keyboard.press("Enter")
    expect(visitor.button("Resume schedule")).to_have_count(0, timeout=PATIENCE)
