"""The same history whatever the future held and however often the replay was stopped."""

import csv
import gzip
import json
import shutil
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.backfill.backfill import ReplayStopped
from tests.engine.backfill.past import DATES, SECOND, THIRD, Interrupting, Past
from tests.paths import LOANS

pytestmark = pytest.mark.group("replay")

MATURES = timedelta(days=31 * 6)


def rows_of(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """(column names, rows) of an extract, packed or not."""
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open(newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames or ()), list(reader)


def day_in(row: Mapping[str, str], column: str) -> date:
    day, month, year = row[column].split("/")
    return date(int(year), int(month), int(day))


def with_another_future(data: Path, folder: Path, day: date) -> Path:
    """The same extracts, but for what was not known on that day: every outcome that matured later is the opposite.

    So are those of its installments that were reported by then; and whoever took a loan later is a child.
    """
    shutil.copytree(data, folder)
    (ledger,) = folder.glob("lms_loan_daily.csv*")
    (people,) = folder.glob("features_attributes.csv*")
    for path in (ledger, people):
        names, rows = rows_of(path)
        for row in rows:
            if path == people:
                row["Age"] = "9" if day_in(row, "snapshot_date") > day else row["Age"]
            elif (
                day_in(row, "loan_start_date") + MATURES > day + timedelta(days=5) and int(row["installment_num"]) >= 3
            ):
                row["overdue_amt"] = "0" if float(row["overdue_amt"]) else "1000"
        path.unlink()
        with path.with_name(path.name.removesuffix(".gz")).open("w", newline="") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows(rows)
    return folder


@pytest.mark.thorough
@pytest.mark.parametrize("book", ["sample", pytest.param("real", marks=pytest.mark.reference)])
def test_what_was_not_known_then_changes_nothing(
    past: Past, another: Callable[..., Past], tmp_path: Path, book: str
) -> None:
    true, dates, known = past, DATES, SECOND
    if book == "real":
        dates, known = (date(2024, 1, 1), date(2024, 3, 1)), date(2024, 1, 1)
        true = another(LOANS)
        true.replay(dates)
    other = another(with_another_future(true.data, tmp_path / "other", known))
    other.replay(dates)
    assert len(json.loads(true.history(known))["decisions"]) == dates.index(known) + 1
    assert other.history(known) == true.history(known)
    # It would have shown: once it was known, it changed what was decided.
    assert other.history(dates[-1]) != true.history(dates[-1])


@pytest.mark.thorough
def test_a_replay_that_was_stopped_again_and_again_tells_the_same_history_in_the_end(
    past: Past, another: Callable[..., Past]
) -> None:
    stopped = another(past.data)
    with pytest.raises(ReplayStopped, match=f"stopped at {SECOND}.*was cancelled.*Repeat the command") as end:
        stopped.replay(executor=Interrupting("train_evaluate_select_model", SECOND))
    assert (end.value.state, end.value.exit_code) == ("cancelled", 4)

    def leave(step: str) -> None:
        if step == f"{THIRD} inference":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.replay(told=leave)
    assert [run["state"] for run in stopped.runs()][-1] == "queued"
    rows = stopped.replay()
    assert stopped.history() == past.history()
    assert stopped.digests() == past.digests()
    assert [run["state"] for run in stopped.runs()].count("cancelled") == 1
    before = len(stopped.runs())
    assert stopped.replay() == rows
    assert len(stopped.runs()) == before
