"""Ages on a page that nobody reloads, in a real browser."""

import pytest
from playwright.sync_api import Browser, expect

from engine.alerts.evaluation import evaluate
from tests.console.journey import PATIENCE, visiting
from tests.console.live import running_console
from tests.engine.alerts.happenings import ended_run
from tests.sandbox import Sandbox

pytestmark = [pytest.mark.thorough, pytest.mark.alone]


def test_an_age_goes_on_while_a_page_is_open(empty_sandbox: Sandbox, browser: Browser) -> None:
    ended_run(empty_sandbox.deployment, "failed")
    evaluate(empty_sandbox.deployment)
    with running_console(empty_sandbox.home) as console, visiting(browser, console.url) as visitor:
        visitor.open("alerts")  # which is drawn again only when something changed
        age = visitor.page.locator("time.lw-ago").first
        drawn = age.text_content() or ""
        expect(age).not_to_have_text(drawn, timeout=PATIENCE)
