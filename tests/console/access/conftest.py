"""A password file, and an address at which Streamlit believes that it listens."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit import config

from console.access import policy, session
from console.access.rate_limit import RateLimit
from engine.passwords import write_entry
from tests.console.access.sessions import WORD, entry
from tests.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_listened", set())
    monkeypatch.setattr(session, "_tries", RateLimit())


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], None]]:
    """Has Streamlit believe that it listens at an address."""
    before = config.get_option("server.address")
    yield lambda address: config.set_option("server.address", address)
    config.set_option("server.address", before)
    config.set_option("server.enableXsrfProtection", True)


@pytest.fixture
def passwords(empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A password file with an operator, anna, and a viewer, victor, which the console is told of."""
    path = empty_sandbox.home / "passwords"
    write_entry(path, entry("anna", "operator", WORD))
    write_entry(path, entry("victor", "viewer", WORD))
    monkeypatch.setenv("LOANWATCH_PASSWORDS", str(path))
    return path
