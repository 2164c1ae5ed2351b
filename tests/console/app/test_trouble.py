"""A console without a usable ledger: one sentence, and the page as soon as there is one."""

from pathlib import Path

from tests.console.pages import Opened, words
from tests.sandbox import Sandbox


def test_a_home_without_a_ledger_is_told_once_and_opens_when_there_is_one(opened: Opened, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    app = opened(home, "models")
    told = words(app)
    assert told.count("There is no ledger at") == 1
    assert "The book can't be used" not in told
    Sandbox.at(home).close()
    app.run()
    assert "No models yet" in words(app)
