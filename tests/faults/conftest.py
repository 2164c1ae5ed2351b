"""A deployment on each of the two databases, processes to be killed at any call, counts to be told at the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.deployment import Deployment
from storage.settings import load_settings
from tests.databases import BOTH_THOROUGHLY, new_ledger
from tests.faults.counts import Count
from tests.faults.stepping import ForkServer
from tests.summary import COUNT


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Count:
    """Adds a line to the counts that the test run ends with."""

    def add(line: str) -> None:
        database = request.node.callspec.params.get("ledger_url", "") if hasattr(request.node, "callspec") else ""
        request.node.user_properties.append((COUNT, f"{line} ({database})" if database else line))

    return add


@pytest.fixture(params=BOTH_THOROUGHLY)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a ledger of the test's own, on each of the two databases."""
    with new_ledger(request, tmp_path) as url:
        yield url


@pytest.fixture
def deployment(tmp_path: Path, ledger_url: str) -> Iterator[Deployment]:
    opened = Deployment.open(load_settings(home=tmp_path / "home", ledger=ledger_url, retry_pause=0.01))
    yield opened
    opened.ledger.close()


@pytest.fixture
def fork_server() -> Iterator[ForkServer]:
    """A process whose children can be killed at any of their system calls."""
    server = ForkServer()
    yield server
    server.close()
