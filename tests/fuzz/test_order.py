"""The order of rows, and the names of parts, decide nothing."""

import random
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.book.columns import Source
from storage.db.ledger import Ledger
from tests.books.values import value_digest
from tests.fuzz.bases import AS_OF, LEDGER, Base, Row, day_of, tables_of
from tests.fuzz.exporting import Export, content, restated, write
from tests.fuzz.reading import read_book, scratch
from tests.fuzz.styles import Style
from tests.retail import BOOK, SOURCES

BASE = Base(2, "with cents", any_day=True)
Digests = Mapping[str, str]


@cache
def rows_of(dataset: str) -> Sequence[Row]:
    """The rows of a dataset with corrections of later days: none has the key and the day of another."""
    rows = tables_of(BASE)[dataset]
    return [*rows, *restated(rows, SOURCES[dataset], random.Random(3))] if dataset == LEDGER else rows  # noqa: S311


def digests(ledger: Ledger, folder: Path) -> Digests:
    return {
        name: value_digest(table)
        for name, table in read_book(ledger, folder / "data", folder, BOOK, AS_OF).tables.items()
    }


@cache
def original(ledger: Ledger) -> Digests:
    with scratch() as folder:
        (folder / "data").mkdir()
        for source in BOOK.sources:
            write(folder / "data", source, rows_of(source.dataset), Export())
        return digests(ledger, folder)


def write_parts(
    folder: Path, source: Source, shuffled: Sequence[Row], cuts: Sequence[int], names: Sequence[str]
) -> None:
    """A dataset in as many parts as there are names, cut at shares of a hundred."""
    (folder / source.dataset).mkdir(parents=True)
    ends = [0, *(cut * len(shuffled) // 100 for cut in sorted(cuts)), len(shuffled)]
    for name, (start, end) in zip(names, pairwise(ends), strict=True):
        text = content(source, shuffled[start:end], Style(), random.Random(0))  # noqa: S311
        (folder / source.dataset / f"{name}.csv").write_bytes(text)


@pytest.mark.thorough
@settings(max_examples=10, derandomize=True, database=None, deadline=None, suppress_health_check=HealthCheck)
@given(
    chance=st.randoms(use_true_random=False),
    names=st.lists(st.from_regex("[a-z0-9][a-z0-9 ()-]{0,7}", fullmatch=True), min_size=1, max_size=4, unique=True),
    data=st.data(),
)
def test_shuffled_rows_and_other_parts_change_no_digest(
    ledger: Ledger, chance: random.Random, names: list[str], data: st.DataObject
) -> None:
    cuts = data.draw(st.lists(st.integers(10, 90), min_size=len(names) - 1, max_size=len(names) - 1, unique=True))
    with scratch() as folder:
        for source in BOOK.sources:
            shuffled = list(rows_of(source.dataset))
            chance.shuffle(shuffled)
            write_parts(folder / "data", source, shuffled, cuts, names)
        assert digests(ledger, folder) == original(ledger)


def test_the_book_has_corrections_that_are_known() -> None:
    keys = [(row["loan_id"], row["installment_num"]) for row in rows_of(LEDGER)]
    assert len(set(keys)) < len(keys)
    days = [(*key, row["snapshot_date"]) for key, row in zip(keys, rows_of(LEDGER), strict=True)]
    assert len(set(days)) == len(days)
    assert any(day_of(row["snapshot_date"]) <= AS_OF for row in rows_of(LEDGER)[len(tables_of(BASE)[LEDGER]) :])
