"""The collected cases, where they are there: each is read as its description says, or refused by name."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from storage.lake.names import TRAINING_DATA
from tests.paths import CASES
from tests.retail import SAFE15
from tests.sandbox import ONE_CANDIDATE, Ended, Sandbox

AS_OF = date(2025, 6, 1)
EQUAL = (
    *("cents-in-every-amount", "concatenated-months", "dates-with-time", "iso-dates-later", "iso-dates-one-file"),
    *("padded-ids", "same-month-twice", "us-dates"),
)
REFUSED = {
    "percent-signs-later": ("features_financials.csv.gz, line 2, column Interest_Rate", "percent sign"),
    "scientific-ids": ("lms_loan_daily.csv.gz, line 2, column loan_id", "export the column as text"),
}
pytestmark = [pytest.mark.thorough, pytest.mark.reference]
Loans = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Trained:
    """How a training ended, its training data by loan, and the values of the task that made them."""

    ended: Ended
    loans: Loans
    gold: Mapping[str, Any]


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Trained]:
    """The training of each base, by its name."""
    return {name: trained(CASES / name, tmp_path_factory.mktemp(name)) for name in ("base", "base-1500")}


def trained(data: Path, home: Path) -> Trained:
    sandbox = Sandbox.at(home / "home", candidates=ONE_CANDIDATE)
    ended = sandbox.run("training", AS_OF, data=str(data))
    loans, gold = {}, {}
    if ended.state == "succeeded":
        loans = {row["loan_id"]: row for row in sandbox.table(TRAINING_DATA).to_pylist()}
        gold = sandbox.values(ended.run_id, "gold_feature_engineering")
    sandbox.close()
    return Trained(ended, loans, gold)


def described(name: str) -> Mapping[str, Any]:
    case: Mapping[str, Any] = json.loads((CASES / name / "case.json").read_text())
    return case


def case(name: str, folder: Path) -> Trained:
    """The training of a case: its base with the changed files over it."""
    data = folder / "data"
    shutil.copytree(CASES / described(name)["base"], data)
    for path in (CASES / name).iterdir():
        if path.name == "case.json":
            continue
        for old in data.glob(f"{path.name.partition('.')[0]}*"):
            old.unlink()
        (shutil.copytree if path.is_dir() else shutil.copy)(path, data / path.name)
    return trained(data, folder)


def assert_equal(found: Trained, base: Trained, *, may_lose: bool = False, but: tuple[str, ...] = ()) -> None:
    """The labels and features of the loans are those of the base."""
    assert found.ended.state == "succeeded", found.ended.error
    assert found.loans.keys() <= base.loans.keys() if may_lose else found.loans.keys() == base.loans.keys()
    for loan, row in found.loans.items():
        for name in {"label", *SAFE15} - set(but):
            assert row[name] == pytest.approx(base.loans[loan][name], nan_ok=True), (loan, name)


@pytest.mark.parametrize("name", EQUAL)
def test_labels_and_features_are_those_of_the_base(name: str, bases: dict[str, Trained], tmp_path: Path) -> None:
    assert_equal(case(name, tmp_path), bases[described(name)["base"]])


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_is_refused_with_place_and_remedy(name: str, bases: dict[str, Trained], tmp_path: Path) -> None:
    ended = case(name, tmp_path).ended
    assert (ended.state, ended.error.get("exit_code")) == ("failed", 3)
    for sentence in REFUSED[name]:
        assert sentence in ended.error["message"]


@pytest.mark.parametrize("name", ["negative-in-parentheses", "negative-with-minus"])
def test_negative_amounts_flag_their_customers(name: str, bases: dict[str, Trained], tmp_path: Path) -> None:
    found = case(name, tmp_path)
    assert_equal(found, bases["base"], may_lose=True)
    assert len(found.loans) == described(name)["labelled"]


def test_grouped_amounts_keep_the_labels(bases: dict[str, Trained], tmp_path: Path) -> None:
    assert_equal(case("thousands-separator", tmp_path), bases["base"], but=("loan_amt",))


def test_a_customer_named_null_is_nobody(bases: dict[str, Trained], tmp_path: Path) -> None:
    found = case("null-text-customer", tmp_path)
    assert_equal(found, bases["base"], may_lose=True)
    assert described("null-text-customer")["absent"] not in {row["Customer_ID"] for row in found.loans.values()}


def test_the_newest_knowledge_of_an_instalment_counts(bases: dict[str, Trained], tmp_path: Path) -> None:
    found = case("restated-newest-first", tmp_path)
    assert_equal(found, bases["base"], but=("label",))
    assert sum(row["label"] for row in found.loans.values()) == described("restated-newest-first")["truth"]


@pytest.mark.parametrize("name", ["sentinel-0001", "sentinel-9999-snapshot"])
def test_three_loans_with_a_sentinel_are_left_out(name: str, bases: dict[str, Trained], tmp_path: Path) -> None:
    found = case(name, tmp_path)
    assert_equal(found, bases["base"], may_lose=True)
    assert len(bases["base"].loans) - len(found.loans) == 3


def test_a_ledger_that_ends_early_gives_no_false_label(bases: dict[str, Trained], tmp_path: Path) -> None:
    found = case("stale-ledger", tmp_path)
    assert_equal(found, bases["base"], may_lose=True)
    assert set(found.gold["unlabelled"]) <= {"no_month_on_record", "record_ends_early"}


@pytest.mark.parametrize(
    ("name", "column"), [("empty-category-later", "Credit_Mix"), ("new-category-later", "Occupation")]
)
def test_other_levels_change_their_column_alone(
    name: str, column: str, bases: dict[str, Trained], tmp_path: Path
) -> None:
    assert_equal(case(name, tmp_path), bases["base-1500"], but=(column,))


def test_a_corrected_start_counts_whatever_the_order_of_rows(bases: dict[str, Trained], tmp_path: Path) -> None:
    found = case("start-date-corrected-desc", tmp_path)
    assert found.ended.state == "succeeded"
    moved = [
        loan
        for loan, row in found.loans.items()
        if row["loan_start_date"] != bases["base"].loans[loan]["loan_start_date"]
    ]
    assert moved
