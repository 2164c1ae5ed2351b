"""Consoles for the tests: pages run by AppTest on a deployment's home, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from streamlit.testing.v1 import AppTest

from tests.console.live import running_browser
from tests.console.pages import Opened, forget
from tests.paths import ROOT
from tests.processes import DEADLINE
from tests.sandbox import Sandbox


@pytest.fixture(scope="session")
def default_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with an empty ledger."""
    home = tmp_path_factory.mktemp("default") / "home"
    Sandbox.at(home).close()
    return home


@pytest.fixture(autouse=True)
def _in_default_home(default_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of pages that are called alone find a deployment, and none in the working folder."""
    monkeypatch.setenv("LOANWATCH_HOME", str(default_home))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a page (`runs`, `drift` ...) of a home's console, with query parameters if there are any."""

    def open_page(home: Path, page: str = "overview", /, **query: str) -> AppTest:
        monkeypatch.setenv("LOANWATCH_HOME", str(home))
        forget()
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=DEADLINE)
        app.query_params.update(query)
        if page != "overview":
            app.switch_page(f"console/{page}/{page}.py")
        app.run()
        assert not app.exception, app.exception
        return app

    yield open_page
    forget()


@pytest.fixture
def empty_sandbox(tmp_path: Path) -> Sandbox:
    """A deployment in which nothing has happened yet."""
    return Sandbox.at(tmp_path / "home")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser that ends with its file: while it is there, an event loop runs in this thread, for other tests too."""
    with running_browser() as found:
        yield found
