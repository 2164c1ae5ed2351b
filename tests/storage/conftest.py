"""A ledger of the newest schema, on each of the two databases."""

from collections.abc import Iterator

import pytest

from storage.db.ledger import Ledger


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    opened = Ledger(ledger_url)
    opened.prepare()
    yield opened
    opened.close()
