"""The pages of a deployment whose ledger ended nine months ago: which file, since when, and what to do."""

import pytest

from tests.console.pages import Opened, words
from tests.sandbox import Sandbox
from tests.trained import LEDGER, STALE_SINCE

pytestmark = pytest.mark.thorough

ADVICE = "deliver newer extracts, or declare a longer `cadence` in jobs/book/retail.py"


def test_overview_names_the_stale_file_and_what_to_do(opened: Opened, stale_sandbox: Sandbox) -> None:
    said = words(opened(stale_sandbox.home)).replace("<code>", "`").replace("</code>", "`")
    assert f"{LEDGER} is stale: its newest row is of {STALE_SINCE}" in said
    assert ADVICE in said
    assert said.count(f"{LEDGER} is stale: its newest row is of {STALE_SINCE}") == 1
    assert "not judged on 2025-06-01: stale" in said


def test_an_overview_of_fresh_extracts_does_not(opened: Opened, monitored_sandbox: Sandbox) -> None:
    assert "is stale" not in words(opened(monitored_sandbox.home))


def test_the_data_page_shows_the_newest_row_of_every_dataset(opened: Opened, stale_sandbox: Sandbox) -> None:
    said = words(opened(stale_sandbox.home, "data"))
    assert "1 Sep 2024, 273 days before 1 Jun 2025" in said
    assert "1 Dec 2024, 91 days before 1 Sep 2024" not in said
    assert said.count("up to date") == 3
    assert ADVICE in said.replace("<code>", "`").replace("</code>", "`")


def test_the_drift_page_gives_the_reason_of_the_stale_state(opened: Opened, stale_sandbox: Sandbox) -> None:
    said = words(opened(stale_sandbox.home, "drift"))
    assert f"{LEDGER} is stale: its newest row is of {STALE_SINCE}" in said
    assert "there are no newer ones up to 2025-06-01" in said
