"""`book check`, `book draft` and `book features`, as an analyst and the author of a book use them."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs.book.functions import ratio
from storage.lake.names import TRAINING_DATA
from tests.commands import command, document
from tests.retail import BOOK
from tests.sandbox import AS_OF, Sandbox

BROKEN = """from dataclasses import replace

from jobs.book.features import Window
from jobs.book.retail import BOOK

LATER = Window("later", "loan_daily", "paid_amt", "sum", "observation")  # type: ignore
BOOK = replace(BOOK, observation=2, features=(*BOOK.features, LATER))
"""


def features(sandbox: Sandbox, loan: str, as_of: object = AS_OF) -> Any:
    return document("book", "features", loan, "--as-of", str(as_of), "--home", str(sandbox.home))


def test_check_shows_what_the_default_book_declares() -> None:
    shown = document("book", "check")
    assert (shown["book"], shown["prediction"], shown["observation"]) == ("retail", 3, 6)
    assert [source["dataset"] for source in shown["sources"]] == [source.dataset for source in BOOK.sources]
    text = command("book", "check").stdout
    for words in ("Customer_ID", "identifier", "personal", "at least 18", "fe_10_std", "LogisticRegression"):
        assert words in text
    rule = "A loan is bad when overdue_amt of loan_daily is above 0 in any month on book from 3 to 6"
    assert rule in text.replace("\n", " ")


def test_check_lists_every_problem_with_its_line(tmp_path: Path) -> None:
    book = tmp_path / "acme.py"
    book.write_text(BROKEN)
    done = command("book", "check", str(book))
    assert done.returncode == 3
    assert f"{book}:6: feature later: `until` is 'observation'" in done.stderr
    assert "because a window that ends later would see the future" in done.stderr
    assert f"{book}:7: `observation` (2) is not after `prediction` (3)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("reference", "words"), [("nothing.py", "can't be read"), ("no.such.module", "no module")])
def test_a_book_that_is_not_there_is_named_by_every_command(tmp_path: Path, reference: str, words: str) -> None:
    for done in (
        command("book", "check", reference),
        command("run", "training", "--home", str(tmp_path), env={"LOANWATCH_BOOK": reference}),
    ):
        assert done.returncode == 3
        assert words in done.stderr
        assert "Traceback" not in done.stderr


def test_a_draft_is_a_book_to_complete(small_book: Path, tmp_path: Path) -> None:
    book = tmp_path / "acme.py"
    done = command("book", "draft", str(small_book), "--output", str(book))
    assert done.returncode == 0
    assert "4 sources" in done.stdout
    assert command("book", "draft", str(small_book)).stdout.strip() == book.read_text().strip()
    assert set(document("book", "draft", str(small_book))["datasets"]) == set(BOOK.by_dataset)
    checked = command("book", "check", str(book))
    assert checked.returncode == 3
    assert "is still `...`" in checked.stderr
    again = command("book", "draft", str(small_book), "--output", str(book))
    assert (again.returncode, "exists already" in again.stderr) == (5, True)
    assert command("book", "draft", str(tmp_path / "empty")).returncode == 2


def test_the_features_of_a_loan_are_those_that_it_was_trained_with(trained_sandbox: Sandbox) -> None:
    rows = trained_sandbox.table(TRAINING_DATA).to_pylist()
    for row in (rows[0], rows[len(rows) // 2], rows[-1]):
        shown = features(trained_sandbox, row["loan_id"])
        assert (shown["customer"], shown["left_out"]) == (row["Customer_ID"], "")
        values = {one["feature"]: one["value"] for one in shown["features"] if not one["hidden"]}
        assert set(values) == {feature.name for feature in BOOK.features if not feature.hidden}
        assert values == {name: row[name] for name in values}


def test_each_feature_is_explained_by_its_rows(trained_sandbox: Sandbox) -> None:
    row = next(row for row in trained_sandbox.table(TRAINING_DATA).to_pylist() if row["fe_10_std"] is not None)
    shown = {one["feature"]: one for one in features(trained_sandbox, row["loan_id"])["features"]}
    clicks = shown["fe_10_mean"]["rows"]
    assert sum(click["fe_10"] for click in clicks) / len(clicks) == pytest.approx(row["fe_10_mean"])
    assert all(click["snapshot_date"] < str(row["loan_start_date"]) for click in clicks)
    paid = shown["hist_total_paid"]["rows"]
    assert sum(one["paid_amt"] for one in paid) == row["hist_total_paid"]
    assert all(one["snapshot_date"] < str(row["prediction_date"]) for one in paid)
    inputs = shown["DTI"]["inputs"]
    assert set(inputs) == {"Total_EMI_per_month", "Monthly_Inhand_Salary"}
    assert shown["DTI"]["from"] == f"{ratio.__name__}(Total_EMI_per_month, Monthly_Inhand_Salary)"
    text = command(
        "book", "features", row["loan_id"], "--as-of", str(AS_OF), "--home", str(trained_sandbox.home)
    ).stdout
    assert "DTI = " in text
    assert "rows of clickstream known before the loan's start" in text


def refused(sandbox: Sandbox, loan: str, as_of: object) -> subprocess.CompletedProcess[str]:
    done = command("book", "features", loan, "--as-of", str(as_of), "--home", str(sandbox.home))
    assert "Traceback" not in done.stderr
    return done


def test_a_loan_that_can_not_be_shown_is_refused_with_the_reason(trained_sandbox: Sandbox) -> None:
    row = trained_sandbox.table(TRAINING_DATA).to_pylist()[0]
    early = refused(trained_sandbox, row["loan_id"], row["loan_start_date"])
    assert (early.returncode, "its prediction date is" in early.stderr) == (5, True)
    unknown = refused(trained_sandbox, "nobody", AS_OF)
    assert (unknown.returncode, "Loan 'nobody' has no row" in unknown.stderr) == (2, True)


def test_features_before_the_first_training_say_what_to_run(tmp_path: Path) -> None:
    command("migrate", "--home", str(tmp_path))
    done = command("book", "features", "l", "--home", str(tmp_path))
    assert done.returncode == 1
    assert "run `python -m engine run training` first" in done.stderr
