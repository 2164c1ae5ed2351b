"""The real book against what an independent Spark implementation of the same rules made of it."""

import csv
import gzip
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import parquet
from sklearn.metrics import roc_auc_score

from jobs.modelling.splits import labels_of, scores_of, train_and_test
from tests.paths import LOANS, REFERENCE
from tests.retail import FULL, KEYS, SAFE15, SOURCES
from tests.sandbox import Sandbox

pytestmark = pytest.mark.reference

# The reference drops minus signs: a negative count is positive there and null here, a genuine negative lost its sign.
NULL_HERE = {"Num_Bank_Accounts": 2, "Num_of_Loan": 215, "Num_of_Delayed_Payment": 40}
NEGATIVE_HERE = {"Delay_from_due_date": 49, "Changed_Credit_Limit": 86}
BOOK_MEDIAN = 5.0  # of Num_Bank_Accounts, which stands in gold where the count was below zero
ROWS = {"clickstream": 93_288, "attributes": 5_362, "financials": 5_362, "loan_daily": 58_982}
EXPECTED_AUC = {
    "LogisticRegression": 0.708,
    "RandomForestClassifier": 0.790,
    "GradientBoostingClassifier": 0.786,
}
COLUMNS = [(table, name) for table in KEYS for name in next(s for s in SOURCES.values() if s.silver == table).names]


@dataclass(frozen=True)
class Book:
    """The real book, and the run that was trained on it."""

    sandbox: Sandbox
    run_id: str


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    sandbox = Sandbox.at(tmp_path_factory.mktemp("book") / "home")
    return Book(sandbox, sandbox.succeed("training", data=str(LOANS)))


def by_key(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    return table.sort_by([(key, "ascending") for key in keys])


def reference(name: str, keys: Sequence[str]) -> pa.Table:
    return by_key(parquet.read_table(REFERENCE / f"{name}.parquet"), keys)


def alike(ours: Any, theirs: Any) -> bool:
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return math.isclose(ours, theirs, rel_tol=1e-6)
    return bool(ours == theirs)


def differences(ours: pa.Table, theirs: pa.Table, column: str) -> list[tuple[Any, Any]]:
    both = zip(ours[column].to_pylist(), theirs[column].to_pylist(), strict=True)
    return [(one, other) for one, other in both if not alike(one, other)]


@pytest.mark.parametrize("table", KEYS)
def test_silver_has_the_same_rows_and_columns(book: Book, table: str) -> None:
    ours, theirs = book.sandbox.table(f"silver.{table}"), reference(f"silver_{table}", KEYS[table])
    assert ours.num_rows == theirs.num_rows == ROWS[table]
    assert set(ours.column_names) == set(theirs.column_names)
    keys = by_key(ours, KEYS[table]).select(KEYS[table])
    assert keys.to_pylist() == theirs.select(KEYS[table]).to_pylist()


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_silver_has_the_same_values(book: Book, table: str, column: str) -> None:
    ours = by_key(book.sandbox.table(f"silver.{table}"), KEYS[table])
    found = differences(ours, reference(f"silver_{table}", KEYS[table]), column)
    lost = [theirs for mine, theirs in found if mine is None]
    turned = [(mine, theirs) for mine, theirs in found if mine is not None]
    assert len(lost) == NULL_HERE.get(column, 0)
    assert len(turned) == NEGATIVE_HERE.get(column, 0)
    assert all(theirs > 0 for theirs in lost)
    assert all(alike(-mine, theirs) for mine, theirs in turned)


def test_the_differences_are_the_minus_signs_of_the_raw_extract() -> None:
    governed = set(parquet.read_table(REFERENCE / "silver_attributes.parquet")["Customer_ID"].to_pylist())
    with gzip.open(LOANS / "features_financials.csv.gz", "rt", newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["Customer_ID"] in governed]
    negative = {
        column: sum(row[column].strip("_").startswith("-") for row in rows) for column in (*NULL_HERE, *NEGATIVE_HERE)
    }
    assert negative == NULL_HERE | NEGATIVE_HERE


def test_the_flagged_customers_are_those_that_the_reference_left_out(book: Book) -> None:
    everybody = set(book.sandbox.table("bronze.features_attributes")["Customer_ID"].to_pylist())
    kept = set(book.sandbox.table("silver.attributes")["Customer_ID"].to_pylist())
    assert (len(kept), len(everybody - kept)) == (5_362, 829)
    assert kept == set(reference("silver_attributes", ["Customer_ID"])["Customer_ID"].to_pylist())
    found = book.sandbox.values(book.run_id, "remove_flagged_customers")
    assert found["flagged"] == 829
    assert found["reasons"] == {"Age under 18": 367, "Age over 100": 122, "SSN invalid": 370}
    for counts in found["rows"].values():
        assert counts["read"] == sum(count for what, count in counts.items() if what != "read")


def test_gold_has_the_same_loans_and_labels(book: Book) -> None:
    ours = by_key(book.sandbox.table("gold.model_training_data"), ["loan_id"])
    for name in ("gold_gold_features", "gold_label_store"):
        theirs = reference(name, ["loan_id"])
        assert ours.num_rows == theirs.num_rows == 5_362
        for column in ("Customer_ID", "loan_id", "prediction_date", "observation_date", "label"):
            assert ours[column].to_pylist() == theirs[column].to_pylist(), column
    assert pc.sum(ours["label"]).as_py() == 1_499


@pytest.mark.parametrize("feature", SAFE15)
def test_gold_has_the_same_features(book: Book, feature: str) -> None:
    ours = by_key(book.sandbox.table("gold.model_training_data"), ["loan_id"])
    found = differences(ours, reference("gold_gold_features", ["loan_id"]), feature)
    assert found == ([(BOOK_MEDIAN, 1.0)] * 2 if feature == "Num_Bank_Accounts" else [])


def candidates(book: Book, model: int) -> dict[str, dict[str, float]]:
    facts = book.sandbox.champions()[model].files["metadata"]
    found: dict[str, dict[str, float]] = json.loads(book.sandbox.deployment.models.read(facts))["candidates"]
    return found


def test_the_candidates_are_as_good_as_the_references_and_the_best_wins(book: Book) -> None:
    found = candidates(book, 0)
    assert set(found) == set(EXPECTED_AUC)
    for name, expected in EXPECTED_AUC.items():
        assert found[name]["test_auc"] == pytest.approx(expected, abs=0.035), name
        assert found[name]["auc_low"] < found[name]["test_auc"] < found[name]["auc_high"]
    best = max(found, key=lambda name: found[name]["out_of_fold_auc"])
    assert book.sandbox.champions()[0].model_name == best


@pytest.mark.thorough
def test_the_full_set_ranks_all_loans_and_those_not_in_arrears_at_scoring(book: Book, tmp_path: Path) -> None:
    sandbox = book.sandbox.copy(tmp_path / "home")
    sandbox.succeed("training", data=str(LOANS), feature_set="full", candidates="GradientBoostingClassifier")
    model = sandbox.champions()[0]
    assert model.summary["feature_set"] == "full"
    _, test = train_and_test([sandbox.table("gold.model_training_data")])
    scores = scores_of(sandbox.deployment.models.load(model.files["model"]), test, FULL)
    labels, in_arrears = labels_of(test), test["in_arrears"].to_numpy()
    assert roc_auc_score(labels, scores) >= 0.85
    assert roc_auc_score(labels[~in_arrears], scores[~in_arrears]) >= 0.84


@pytest.mark.thorough
def test_twice_the_same_book_is_twice_the_same_model(book: Book) -> None:
    """The last test of the module: the book has two models afterwards."""
    digests = {name: version.digest for name, version in book.sandbox.versions().items()}
    run_id = book.sandbox.succeed("training", force=True, data=str(LOANS))
    assert {name: version.digest for name, version in book.sandbox.versions().items()} == digests
    assert {version.version for version in book.sandbox.versions().values()} == {run_id}
    second, first = book.sandbox.champions()
    assert first.version != second.version
    assert candidates(book, 0) == candidates(book, 1)
    for role in ("model", "encoders"):
        assert first.files[role].sha256 == second.files[role].sha256
    assert book.sandbox.values(book.run_id, "gold_feature_engineering") == book.sandbox.values(
        run_id, "gold_feature_engineering"
    )
