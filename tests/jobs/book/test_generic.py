"""Nothing outside of the default book and the sample names a column, a dataset or a cleaning task of it."""

import re
from collections.abc import Iterator
from pathlib import Path

from tests.paths import ROOT
from tests.retail import BOOK

EXEMPT = (ROOT / "jobs" / "book" / "retail.py", ROOT / "jobs" / "sample")
# Words of the field that are names of columns of the default book too.
PLAIN_WORDS = {"loan_id", "balance", "tenure", "Name", "SSN"}


def names() -> set[str]:
    """The names that only the default book may know: datasets, tables, columns, features and tasks."""
    found = {feature.name for feature in BOOK.features}
    for source in BOOK.sources:
        found |= {source.dataset, source.bronze, f"clean_{source.silver}", f"ingest_{source.dataset}", *source.names}
        found |= {source.bronze_table, source.staged_table, source.silver_table, source.quarantine_table}
    return found - PLAIN_WORDS


def lines(root: Path) -> Iterator[str]:
    """Every line of the product that names one of them."""
    pattern = re.compile(rf"(?<![\w.])(?:{'|'.join(sorted(map(re.escape, names()), key=len, reverse=True))})(?!\w)")
    for room in ("jobs", "engine", "storage", "console"):
        for path in sorted((root / room).rglob("*.py")):
            if any(path == exempt or exempt in path.parents for exempt in EXEMPT):
                continue
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                if pattern.search(line):
                    yield f"{path.relative_to(root)}:{number}: {line.strip()}"


def test_only_the_default_book_names_its_columns_datasets_and_tasks() -> None:
    assert list(lines(ROOT)) == []


def test_a_planted_name_is_found(tmp_path: Path) -> None:
    planted = tmp_path / "jobs" / "gold" / "planted.py"
    planted.parent.mkdir(parents=True)
    planted.write_text('COLUMN = "installment_num"\nTASK = "clean_loan_daily"\nTABLE = "silver.attributes"\n')
    assert len(list(lines(tmp_path))) == 3


def test_the_default_book_is_short_and_describes_every_column() -> None:
    assert len((ROOT / "jobs" / "book" / "retail.py").read_text().splitlines()) <= 330
    assert all(column.description for source in BOOK.sources for column in source.columns)
