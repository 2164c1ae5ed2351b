"""A ledger that ends early gives no label that the full one does not give."""

import csv
import gzip
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

from tests.cases.rewritten import Row, rewritten
from tests.cases.test_shared_cases import Trained, trained
from tests.fuzz.bases import day_of
from tests.paths import LOANS

END = date(2024, 6, 1)
LEDGER = "lms_loan_daily"


def cut(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if day_of(row["snapshot_date"]) <= END]


def assert_no_other_label(early: Trained, full: Trained) -> None:
    """Every label is that of the full ledger, and every loan without one is counted by its reason."""
    assert early.ended.state == "succeeded", early.ended.error
    assert 0 < len(early.loans) < len(full.loans)
    for loan, row in early.loans.items():
        assert row["label"] == full.loans[loan]["label"]
    gold = early.gold
    assert sum(gold["unlabelled"].values()) > 0
    assert set(gold["unlabelled"]) <= {"no_month_on_record", "unreadable_amount", "record_ends_early"}


@pytest.mark.thorough
def test_a_made_ledger_cut_in_the_middle(small_book: Path, tmp_path: Path) -> None:
    early = trained(rewritten(small_book, tmp_path / "data", LEDGER, cut), tmp_path / "early")
    assert_no_other_label(early, trained(small_book, tmp_path / "full"))


@pytest.mark.thorough
@pytest.mark.reference
def test_the_real_ledger_cut_in_the_middle(tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(LOANS, data)
    (path,) = data.glob(f"{LEDGER}.csv*")
    with gzip.open(path, "rt", newline="", encoding="utf-8") if path.suffix == ".gz" else path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    path.unlink()
    with (data / f"{LEDGER}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(cut(rows))
    early, full = trained(data, tmp_path / "early"), trained(LOANS, tmp_path / "full")
    assert_no_other_label(early, full)
