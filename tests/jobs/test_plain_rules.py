"""A made book against what the plain rules make of the same extracts: every row, value, label and feature."""

import json
import math
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jobs.sample.write import HEADERS
from tests.plain_rules import EXTRACTS, KEYS, PlainBook, plain_book
from tests.retail import FULL
from tests.sandbox import Sandbox

pytestmark = pytest.mark.thorough

CANDIDATES = {"LogisticRegression", "RandomForestClassifier", "GradientBoostingClassifier"}
COLUMNS = [(table, column) for table in KEYS for column in HEADERS[EXTRACTS[table]]]


@pytest.fixture(scope="module")
def plain(sample_data: Path) -> PlainBook:
    return plain_book(sample_data)


def in_order(table: pa.Table, keys: tuple[str, ...]) -> pa.Table:
    return table.sort_by([(key, "ascending") for key in keys])


def differences(ours: pa.ChunkedArray, theirs: list[Any]) -> list[tuple[Any, Any]]:
    return [(one, other) for one, other in zip(ours.to_pylist(), theirs, strict=True) if not alike(one, other)]


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-9)
    return bool(one == other)


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_silver_has_the_values_of_the_plain_rules(
    trained_sandbox: Sandbox, plain: PlainBook, table: str, column: str
) -> None:
    ours = in_order(trained_sandbox.table(f"silver.{table}"), KEYS[table])
    assert set(ours.column_names) == set(HEADERS[EXTRACTS[table]])
    assert differences(ours[column], [row[column] for row in plain.silver[table]]) == []


def test_the_flagged_customers_are_those_of_the_plain_rules(trained_sandbox: Sandbox, plain: PlainBook) -> None:
    training = trained_sandbox.versions()["silver.attributes"].version  # a version has the name of its run
    found = trained_sandbox.values(training, "remove_flagged_customers")
    assert {"Age under 18", "Age over 100", "SSN invalid"} <= set(plain.flagged)
    assert found["reasons"] == {reason: len(customers) for reason, customers in plain.flagged.items()}
    assert found["flagged"] == len(set().union(*plain.flagged.values()))
    for counts in found["rows"].values():
        assert counts["read"] == sum(count for what, count in counts.items() if what != "read")


@pytest.mark.parametrize("column", ["Customer_ID", "loan_id", "prediction_date", "observation_date", "label", *FULL])
def test_gold_has_the_values_of_the_plain_rules(trained_sandbox: Sandbox, plain: PlainBook, column: str) -> None:
    ours = in_order(trained_sandbox.table("gold.model_training_data"), ("loan_id",))
    assert differences(ours[column], [row[column] for row in plain.loans]) == []


def candidates(sandbox: Sandbox, model: int) -> dict[str, dict[str, float]]:
    metadata = sandbox.champions()[model].files["metadata"]
    found: dict[str, dict[str, float]] = json.loads(sandbox.deployment.models.read(metadata))["candidates"]
    return found


def test_the_candidates_tell_good_from_bad_and_one_of_them_is_champion(trained_sandbox: Sandbox) -> None:
    found = candidates(trained_sandbox, 0)
    assert set(found) == CANDIDATES
    for name, results in found.items():
        assert 0.6 < results["auc_low"] < results["test_auc"] < results["auc_high"], name
    assert trained_sandbox.champions()[0].model_name in CANDIDATES


def test_twice_the_same_book_is_twice_the_same_model(sandbox: Sandbox) -> None:
    before = sandbox.versions()
    first = before["silver.attributes"].version
    made = {name: version.digest for name, version in before.items() if version.version == first}
    second = sandbox.succeed("training", force=True, data=sandbox.data())
    after = {name: version for name, version in sandbox.versions().items() if version.version == second}
    assert {name: version.digest for name, version in after.items()} == made
    newer, older = sandbox.champions()
    assert newer.version != older.version
    assert candidates(sandbox, 0) == candidates(sandbox, 1)
    for role in ("model", "encoders"):
        assert newer.files[role].sha256 == older.files[role].sha256
