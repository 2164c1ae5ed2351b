"""Sign-ins in a real browser: they outlast a reload, a new tab and a typed address, and end everywhere at once."""

from collections.abc import Iterator
from pathlib import Path
from time import time
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from console.access.cookies import LONGEST_SESSION, Sessions, SignedIn
from engine.passwords import read_entries
from tests.console.access.sessions import WORD, noted
from tests.console.live import LiveConsole, running_console
from tests.console.wire import answer, status
from tests.sandbox import Sandbox

pytestmark = [pytest.mark.thorough, pytest.mark.alone]


@pytest.fixture
def site(empty_sandbox: Sandbox, passwords: Path) -> Iterator[LiveConsole]:
    with running_console(empty_sandbox.home) as console:
        yield console


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(WORD)
    page.get_by_role("button", name="Sign in").click()


def shows(page: Page, title: str) -> None:
    page.bring_to_front()  # a browser draws nothing in a tab behind others
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()


def test_a_sign_in_outlasts_reloads_tabs_and_addresses_and_ends_in_all_of_them(
    site: LiveConsole, context: BrowserContext, empty_sandbox: Sandbox
) -> None:
    page = context.new_page()
    page.goto(site.url)
    shows(page, "Sign in")
    with page.expect_response(lambda response: response.url == f"{site.url}/session") as answered:
        sign_in(page, "anna")
    assert answered.value.status == 204
    shows(page, "Overview")

    (cookie,) = [each for each in context.cookies() if each["name"].startswith("loanwatch-")]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    page.reload()
    shows(page, "Overview")
    page.goto(f"{site.url}/schedule")
    shows(page, "Schedule")
    tab = context.new_page()
    tab.goto(f"{site.url}/audit")
    shows(tab, "Audit")
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Download").click()
    assert "anna,sign-in,console" in download.value.path().read_text()
    value = f"{cookie['name']}={cookie['value']}"
    assert [status(download.value.url, each) for each in ("", f"{value}x", value)] == [403, 403, 200]

    tab.get_by_role("button", name="Sign out").click()
    shows(tab, "Sign in")
    shows(page, "Sign in")
    page.reload()
    shows(page, "Sign in")
    assert status(download.value.url, value) == 403
    assert [row[:3] for row in noted(empty_sandbox)] == [("anna", each, "console") for each in ("sign-out", "sign-in")]


def test_a_cookie_counts_only_while_it_is_valid(site: LiveConsole, empty_sandbox: Sandbox, passwords: Path) -> None:
    sessions, port = Sessions(empty_sandbox.home), int(urlsplit(site.url).port or 0)
    mark = read_entries(passwords)["anna"].mark

    def seen(mark: str, age: float, change: str = "") -> bool:
        value = sessions.cookie(SignedIn("anna", mark, time() - age))
        said = answer(port, cookie=f"{sessions.cookie_name}={value}{change}")
        assert said.says("Sign in") is not said.says("anna, operator")
        return said.says("anna, operator")

    assert seen(mark, 0)
    assert not seen(mark, 0, "x")
    assert not seen("0" * 64, 0)
    assert not seen(mark, LONGEST_SESSION + 1)
    sessions.end("anna")
    assert not seen(mark, 1)
    posted = f"{site.url}/session"
    assert status(posted, method="POST", Origin=site.url) == 403
    assert status(posted, method="POST", Origin="http://elsewhere.example") == 403
    assert status(posted, method="POST") == 403
