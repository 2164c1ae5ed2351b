"""Consoles for the tests: pages run by AppTest on a deployment's home, and a browser."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from playwright.sync_api import Browser
from streamlit.testing.v1 import AppTest

from tests.conftest import House
from tests.console.live import running_browser
from tests.engine.live import ROOT

Opened = Callable[..., AppTest]


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a page (`runs`, `drift` ...) of a home's console, with query parameters if there are any."""

    def open_page(home: Path, page: str = "overview", /, **query: str) -> AppTest:
        monkeypatch.setenv("LOANWATCH_HOME", str(home))
        forget()
        app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20)
        app.query_params.update(query)
        if page != "overview":
            app.switch_page(f"console/{page}/{page}.py")
        app.run()
        assert not app.exception, app.exception
        return app

    yield open_page
    forget()


@pytest.fixture
def empty_house(tmp_path: Path) -> House:
    """A deployment in which nothing has happened yet."""
    return House.at(tmp_path / "home")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_browser() as found:
        yield found


def forget() -> None:
    """Has the next console open its deployment anew."""
    st.cache_resource.clear()
    st.cache_data.clear()


def words(app: AppTest) -> str:
    """Everything that a page says, in one text."""
    kinds = (
        app.title,
        app.header,
        app.subheader,
        app.markdown,
        app.caption,
        app.text,
        app.error,
        app.warning,
        app.info,
    )
    told = [str(element.value) for kind in kinds for element in kind]
    return "\n".join([*told, *(str(element.proto.body) for element in app.get("html"))])
