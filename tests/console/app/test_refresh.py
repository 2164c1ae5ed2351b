"""Refreshes that come at the wrong moment, in a real browser, some with timers that are fifty times as fast."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.console.journey import PATIENCE, Visitor, visiting
from tests.console.live import running_console
from tests.console.white_pages import white_pages
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough

# Streamlit asks for a refresh with sendUpdateWidgetsMessage.
FAST = """
const [slow, cleared] = [window.setInterval, window.clearInterval];
window.refreshing = new Set();
window.refreshes = 0;
window.setInterval = (action, every, ...given) => {
  const refreshes = String(action).includes("sendUpdateWidgetsMessage");
  const timer = slow(() => { window.refreshes += refreshes; action(...given); }, every / 50);
  if (refreshes) window.refreshing.add(timer);
  return timer;
};
window.clearInterval = (timer) => { window.refreshing.delete(timer); cleared(timer); };
"""


@pytest.fixture
def visitor(empty_sandbox: Sandbox, browser: Browser) -> Iterator[Visitor]:
    with running_console(empty_sandbox.home) as console, visiting(browser, console.url) as found:
        yield found


@pytest.fixture
def hasty(visitor: Visitor) -> Visitor:
    """A visitor whose timers are fast."""
    visitor.page.add_init_script(FAST)
    return visitor


def test_the_page_of_a_run_stays_whatever_refreshes_when_it_opens(hasty: Visitor) -> None:
    for _ in range(3):
        hasty.trigger("training")
        hasty.sees_state("queued")
        hasty.page.evaluate("window.refreshes = 0; window.notReloaded = true")
        hasty.page.wait_for_function("window.refreshes > 50")
        hasty.sees_state("queued")
        assert hasty.page.evaluate("window.notReloaded"), "the page was loaded anew"


def test_nothing_refreshes_while_a_dialog_is_open(hasty: Visitor) -> None:
    hasty.open("runs")
    hasty.page.wait_for_function("window.refreshing.size > 0")
    hasty.press("Run training")
    dialog = hasty.page.get_by_role("dialog")
    expect(dialog).to_be_visible(timeout=PATIENCE)
    hasty.page.wait_for_function("window.refreshing.size === 0")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0, timeout=PATIENCE)
    hasty.page.wait_for_function("window.refreshing.size > 0")


def test_a_page_refreshes_after_a_dialog_was_left_with_the_back_button(hasty: Visitor) -> None:
    hasty.open("schedule")
    hasty.page.get_by_role("link", name="Runs", exact=True).first.click()
    expect(hasty.page.get_by_role("heading", name="Runs", exact=True)).to_be_visible(timeout=PATIENCE)
    hasty.drawn()
    hasty.press("Run training")
    expect(hasty.page.get_by_role("dialog")).to_be_visible(timeout=PATIENCE)
    hasty.page.go_back()
    expect(hasty.page.get_by_role("heading", name="Schedule", exact=True)).to_be_visible(timeout=PATIENCE)
    expect(hasty.page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    hasty.page.wait_for_function("window.refreshing.size > 0")


def test_a_page_that_was_lost_is_loaded_again(visitor: Visitor) -> None:
    visitor.open("runs")
    visitor.page.evaluate("document.querySelector('.stApp').remove()")
    visitor.sees("No runs yet")


def test_a_slow_browser_shows_each_run_that_is_requested(visitor: Visitor) -> None:
    """`python -m tests.benchmarks.white_pages` does a hundred."""
    assert white_pages(visitor, 4, slowed=4) == 0
