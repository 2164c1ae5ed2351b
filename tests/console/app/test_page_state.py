"""What a session chose on one page does not reach another page."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from markupsafe import escape
from streamlit import config
from streamlit.testing.v1 import AppTest

from console.app.navigation import address, run_link
from console.app.page_state import SHARED
from storage.ledger.audit import Action, record_action
from tests.console.pages import Opened, words
from tests.paths import ROOT
from tests.sandbox import Sandbox

BOUND = re.compile(r'key="([\w-]+)"')


def to_page(app: AppTest, page: str) -> AppTest:
    app.switch_page(f"console/{page}/{page}.py")
    return app.run()


def test_the_page_of_the_audit_log_is_not_that_of_the_models(
    opened: Opened, trained_sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox = trained_sandbox.copy(tmp_path / "home")
    with sandbox.deployment.ledger.writing() as connection:
        for number in range(101):
            record_action(connection, Action("anna", "pause", f"subject-{number}"), sandbox.deployment.ledger.clock())
    app = opened(sandbox.home, "audit", page="3")
    assert "subject-0" in words(app)
    app = to_page(app, "models")
    assert not app.exception, app.exception
    assert "champion" in words(app)


def test_a_dialog_does_not_outlive_its_page(opened: Opened, empty_sandbox: Sandbox) -> None:
    """Overview and Runs have the same button."""
    app = opened(empty_sandbox.home, "runs")
    app.button(key="trigger-training").click().run()
    assert app.button(key="trigger-training-confirm")
    app = to_page(app, "overview")
    assert "trigger-training-confirm" not in [button.key for button in app.button]


def test_a_key_that_several_pages_have_is_known_as_one() -> None:
    pages: dict[str, set[str]] = defaultdict(set)
    for path in sorted((ROOT / "console").rglob("*.py")):
        for key in BOUND.findall(path.read_text()):
            pages[key].add(path.parent.name)
    several = {key for key, names in pages.items() if len(names) > 1}
    assert several <= set(SHARED), {key: pages[key] for key in several - set(SHARED)}


@pytest.mark.parametrize("base", ["risk", "/risk/loans/"])
def test_links_are_under_the_base_path(monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    given = {"server.baseUrlPath": base}
    monkeypatch.setattr(config, "get_option", given.__getitem__)
    assert address("models", version="v 1") == f"/{base.strip('/')}/models?version=v+1"
    assert f'href="{escape("/" + base.strip("/"))}/run?run_id=r"' in run_link("r")


def test_streamlit_offers_no_download_or_copy_that_keeps_formulas() -> None:
    text = (ROOT / ".streamlit" / "config.toml").read_text()
    assert "disableDataExport = true" in text
