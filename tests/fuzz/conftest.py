"""The ledger in which the digests of extracts are stored."""

from collections.abc import Iterator

import pytest

from storage.db.ledger import Ledger
from tests.fuzz.reading import ledger_in


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    with ledger_in(tmp_path_factory.mktemp("fuzz")) as opened:
        yield opened
