"""Extracts and homes from before a column was declared: an optional one is null, a required one is asked for."""

from pathlib import Path

import pyarrow.compute as pc
import pytest

from tests.books.extension import add_column, copied, with_book, written
from tests.sandbox import Sandbox

COLUMN = 'Column("Children", Kind.COUNT, "Children", optional=True, median=True)'
OPTIONAL = f"""\
BOOK = BOOK.with_column("attributes", {COLUMN})
BOOK = BOOK.with_feature(Latest("Children", "attributes", description="Children"), into="safe15")
"""
REQUIRED = OPTIONAL.replace("optional=True, ", "")


def with_children(extracts: Path, folder: Path) -> Path:
    data = copied(extracts, folder)
    add_column(data / "features_attributes.csv", "Children", lambda row: int(row["Customer_ID"][-1], 16) % 4)
    return data


def trained_on(sandbox: Sandbox) -> list[str]:
    """The features of the champion."""
    model = sandbox.deployment.models.load(sandbox.champions()[0].files["model"])
    return list(model.feature_names_in_)


@pytest.mark.thorough
def test_extracts_without_an_optional_column_are_used_with_nulls(small_book: Path, tmp_path: Path) -> None:
    made = with_book(tmp_path / "home", written(tmp_path / "optional.py", OPTIONAL))
    run_id = made.succeed("training", data=str(small_book))
    for table in ("bronze.features_attributes", "silver.attributes", "gold.model_training_data"):
        column = made.table(table)["Children"]
        assert column.null_count == len(column) > 0, table
    assert "Children" not in made.values(run_id, "clean_attributes")["became_null"]
    assert "Children" in trained_on(made)
    made.succeed("inference")
    made.succeed("monitoring")
    # The next delivery has the column.
    made.succeed("inference", data=str(with_children(small_book, tmp_path / "data")))
    assert made.table("staged.inference_features")["Children"].null_count == 0


@pytest.mark.thorough
def test_an_older_home_serves_on_and_the_next_training_takes_the_column(small_book: Path, tmp_path: Path) -> None:
    before = with_book(tmp_path / "home", None)
    before.succeed("training", data=str(small_book))
    before.succeed("inference")
    predicted = before.table("gold.model_predictions")
    (old,) = before.champions()
    before.close()
    made = with_book(tmp_path / "home", written(tmp_path / "optional.py", OPTIONAL))
    made.succeed("inference")
    made.succeed("monitoring")
    assert [model.version for model in made.champions()] == [old.version]
    assert "Children" not in trained_on(made)
    assert made.table("staged.inference_features")["Children"].null_count > 0
    assert made.table("gold.model_predictions")["predicted_proba"] == predicted["predicted_proba"]
    data = with_children(small_book, tmp_path / "data")
    made.succeed("inference", data=str(data))
    assert made.table("gold.model_predictions")["predicted_proba"] == predicted["predicted_proba"]
    run_id = made.succeed("training", data=str(data))
    assert made.table("gold.model_training_data")["Children"].null_count == 0
    verdict = made.values(run_id, "store_best_model")["promotion"]
    assert verdict["compared_with"] == old.version
    if verdict["promote"]:
        assert "Children" in trained_on(made)
    made.succeed("inference")
    made.succeed("monitoring")


@pytest.mark.thorough
def test_an_older_home_without_its_extracts_reads_null_for_an_optional_column(small_book: Path, tmp_path: Path) -> None:
    before = with_book(tmp_path / "home", None)
    data = copied(small_book, tmp_path / "data")
    before.succeed("training", data=str(data))
    before.close()
    for extract in data.iterdir():
        extract.unlink()
    made = with_book(tmp_path / "home", written(tmp_path / "optional.py", OPTIONAL))
    made.succeed("inference")
    assert pc.all(pc.is_null(made.table("staged.inference_features")["Children"])).as_py()
    assert made.table("gold.model_predictions").num_rows > 0


@pytest.mark.thorough
def test_a_required_column_that_is_nowhere_is_asked_for_in_one_sentence(small_book: Path, tmp_path: Path) -> None:
    before = with_book(tmp_path / "home", None)
    data = copied(small_book, tmp_path / "data")
    before.succeed("training", data=str(data))
    before.close()
    file = written(tmp_path / "required.py", REQUIRED)
    made = with_book(tmp_path / "home", file)
    for pipeline in ("training", "inference"):
        ended = made.run(pipeline, data=str(data))
        assert (ended.state, ended.error["exit_code"]) == ("failed", 3)
        assert ended.error["message"].endswith(
            "features_attributes.csv, line 1: missing column 'Children'; deliver the file with every column, "
            f"or declare it `optional=True` in {file}."
        )
    for extract in data.iterdir():
        extract.unlink()
    ended = made.run("inference")
    assert (ended.state, ended.error["exit_code"]) == ("failed", 1)
    assert (
        "has no column Children, which the book declares now; run `python -m engine run training` on extracts"
        in (ended.error["message"])
    )
    assert "\n" not in ended.error["message"]


@pytest.mark.thorough
def test_a_column_of_another_kind_is_cleaned_anew_or_asked_for(small_book: Path, tmp_path: Path) -> None:
    before = with_book(tmp_path / "home", None)
    data = copied(small_book, tmp_path / "data")
    before.succeed("training", data=str(data))
    before.close()
    changed = 'BOOK = BOOK.changed_column("loan_daily", "tenure", kind=Kind.DECIMAL)\n'
    made = with_book(tmp_path / "home", written(tmp_path / "kind.py", changed))
    copy = made.copy(tmp_path / "copy")
    copy.close()
    made = with_book(tmp_path / "home", tmp_path / "kind.py")
    made.succeed("inference")
    assert str(made.table("staged.loan_daily")["tenure"].type) == "double"
    for extract in data.iterdir():
        extract.unlink()
    ended = with_book(tmp_path / "copy", tmp_path / "kind.py").run("inference")
    assert (ended.state, ended.error["exit_code"]) == ("failed", 1)
    assert "tenure" in ended.error["message"]
    assert "run `python -m engine run training` on extracts" in ended.error["message"]
