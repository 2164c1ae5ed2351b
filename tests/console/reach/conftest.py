"""The busy deployment, made once for all files, and for each file a copy and its console."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.live import running_console
from tests.console.reach.busy import Busy, make_busy
from tests.shared import made_once


@pytest.fixture(scope="session")
def busy_home(small_book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of the busy deployment; it is copied, never opened."""
    return made_once(tmp_path_factory, "busy", lambda folder: make_busy(folder / "home", small_book)) / "home"


@pytest.fixture(scope="module")
def busy(busy_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Busy]:
    made = Busy(busy_home, tmp_path_factory.mktemp("reach") / "home")
    yield made
    made.sandbox.close()


@pytest.fixture(scope="module")
def console(busy: Busy) -> Iterator[str]:
    with running_console(busy.sandbox.home) as served:
        yield served.url
