"""The ledger in which the digests of extracts are stored."""

from collections.abc import Iterator

import pytest

from storage.db.ledger import Ledger


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    opened = Ledger(f"sqlite:///{tmp_path_factory.mktemp('fuzz') / 'ledger.db'}")
    opened.prepare()
    yield opened
    opened.close()
