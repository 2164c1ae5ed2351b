"""Which loans were in arrears at scoring, from rows before the prediction date alone."""

from dataclasses import replace
from datetime import date

import pyarrow as pa
import pytest

from jobs.book.features import Latest
from jobs.book.validation import declaration_findings
from jobs.gold.arrears import IN_ARREARS, knows_arrears, not_in_arrears
from jobs.gold.features import loan_features
from storage.lake.names import INFERENCE_FEATURES, OUTCOMES, TRAINING_DATA
from tests.book import START, Customers
from tests.retail import BOOK
from tests.sandbox import Sandbox


def arrears(*overdue: int | None) -> bool | None:
    """Whether a loan with these overdue amounts, from installment 0 on, was in arrears when it was scored."""
    book = Customers().person("c")
    common = {"Customer_ID": "c", "loan_id": "l", "loan_start_date": START}
    for number, amount in enumerate(overdue):
        book.pay(common, number, 10, 10, amount)  # type: ignore[arg-type]
    found: bool | None = book.features()["l"][IN_ARREARS]
    return found


@pytest.mark.parametrize(
    ("overdue", "expected"),
    [
        ((0, 0, 0), False),
        ((0, 0, 7), True),
        ((0, 7, 0), True),  # paid since, and yet its outcome was in sight
        ((0, 0, 0, 7), False),  # installment 3 is of the prediction date, the first day of the label
        ((0, 0, 0, 0, 7, 7, 7), False),
        ((0, None, 0), None),
        ((0, None, 7), True),
        ((0,), False),
    ],
)
def test_a_loan_is_in_arrears_by_a_bad_amount_before_its_prediction_date(
    overdue: tuple[int | None, ...], expected: bool | None
) -> None:
    assert arrears(*overdue) is expected


def test_a_loan_without_a_row_before_its_prediction_date_has_no_arrears() -> None:
    book = Customers().person("c")
    book.pay({"Customer_ID": "c", "loan_id": "l", "loan_start_date": START}, 3, 10, 0, 10)
    assert book.features()["l"][IN_ARREARS] is False


def test_loans_not_in_arrears_are_those_known_to_have_none() -> None:
    table = pa.table({"n": [1, 2, 3], IN_ARREARS: pa.array([True, False, None])})
    assert not_in_arrears(table)["n"].to_pylist() == [2]
    assert not_in_arrears(table.drop_columns([IN_ARREARS])).num_rows == 0  # of an earlier release: not known of any
    assert (knows_arrears(table), knows_arrears(table.select(["n"]))) == (True, False)


def test_arrears_are_no_feature() -> None:
    assert all(IN_ARREARS not in members for members in BOOK.feature_sets.values())
    (finding,) = declaration_findings(BOOK.with_feature(Latest(IN_ARREARS, "loan_daily", "overdue_amt")))
    assert "every loan has a column of that name already" in finding.message


def test_the_amount_of_a_loan_is_the_one_known_at_its_prediction_date() -> None:
    book = Customers().person("c").loan("c")
    book.rows["loan_daily"].append({**book.rows["loan_daily"][0], "installment_num": 4, "loan_amt": 999})
    book.rows["loan_daily"][-1]["snapshot_date"] = date(2024, 6, 1)
    assert book.features()["l"]["exposure"] == 100.0
    assert "exposure" not in loan_features(book.tables(), replace(BOOK, exposure="")).rows.column_names


def test_gold_and_outcomes_say_which_loans_were_in_arrears(monitored_sandbox: Sandbox) -> None:
    ledger = monitored_sandbox.table("staged.loan_daily").to_pandas()
    early = ledger[ledger["installment_num"] < 3].groupby("loan_id")["overdue_amt"].max() > 0
    for name in (TRAINING_DATA, INFERENCE_FEATURES, OUTCOMES):
        table = monitored_sandbox.table(name).to_pandas()
        assert table[IN_ARREARS].tolist() == early[table["loan_id"]].tolist()
        assert 0 < table[IN_ARREARS].sum() < len(table)
