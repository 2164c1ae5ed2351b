"""A replayed home that tests share, and homes of their own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.backfill.past import Past


@pytest.fixture(scope="session")
def past(sample_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    """A replay of three dates, not to be changed."""
    made = Past(tmp_path_factory.mktemp("past"), sample_data)
    made.replay()
    yield made
    made.deployment.ledger.close()


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[..., Past]]:
    """Opens homes of a test's own."""
    opened: list[Past] = []

    def make(data: Path, **settings: Any) -> Past:
        opened.append(Past(tmp_path / f"home {len(opened)}", data, **settings))
        return opened[-1]

    yield make
    for each in opened:
        each.deployment.ledger.close()
