"""Runs are carried out above the ledger, whose own tests are on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import BOTH_THOROUGHLY, new_ledger


@pytest.fixture(params=BOTH_THOROUGHLY)
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a ledger of the test's own, on each of the two databases."""
    with new_ledger(request, tmp_path) as url:
        yield url
