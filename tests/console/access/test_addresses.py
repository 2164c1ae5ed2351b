"""At which addresses a console is shown without a login, and what a login needs."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit import config

from tests.console.access.servers import EVERYWHERE
from tests.console.access.sessions import PAUSE, paused, script
from tests.console.pages import Opened, words
from tests.marks import others_thorough
from tests.sandbox import Sandbox


@pytest.mark.parametrize("address", others_thorough([EVERYWHERE, "::", None, "", "10.1.2.3", "console.example.org"]))
def test_without_a_login_nothing_is_shown_to_others(
    opened: Opened, empty_sandbox: Sandbox, listening: Callable[[str | None], None], address: str | None
) -> None:
    listening(address)
    for page in ("overview", "audit"):
        app = opened(empty_sandbox.home, page)
        assert [title.value for title in app.title] == ["Access denied"]
        assert "without a login" in words(app)
    assert "The action failed" in words(script(PAUSE, Path()))
    assert paused(empty_sandbox) == []
    listening("127.0.0.1")  # an edited config.toml moves no socket
    assert [title.value for title in opened(empty_sandbox.home).title] == ["Access denied"]


@pytest.mark.parametrize("address", others_thorough(["localhost", "127.0.0.1", "127.9.9.9", "::1"]))
def test_this_machine_alone_needs_no_login(
    opened: Opened, empty_sandbox: Sandbox, listening: Callable[[str | None], None], address: str
) -> None:
    listening(address)
    assert [title.value for title in opened(empty_sandbox.home).title] == ["Overview"]


def test_a_login_without_protection_against_forged_requests_is_refused(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path, listening: Callable[[str | None], None]
) -> None:
    listening(EVERYWHERE)
    assert [title.value for title in opened(empty_sandbox.home).title] == ["Sign in"]
    config.set_option("server.enableXsrfProtection", False)
    app = opened(empty_sandbox.home)
    assert [title.value for title in app.title] == ["Access denied"]
    assert "server.enableXsrfProtection" in words(app)
