"""The features of flagged customers' loans: the same code, invalid numbers missing, medians of the others."""

from datetime import date, timedelta

import pyarrow as pa

from jobs.gold.features import loan_features
from jobs.gold.flagged import counts_of_flagged, flagged_features, marked, only_flagged, without_flagged
from tests.book import Customers
from tests.retail import BOOK


def test_what_a_check_found_invalid_is_the_median_of_the_others() -> None:
    governed = Customers()
    for name, age in (("a", 30), ("b", 40), ("c", 80)):
        governed.person(name, Age=age, Annual_Income=100.0, Interest_Rate=5.0).loan(name, name)
    flagged = Customers()
    flagged.person("old", Age=8678, Annual_Income=-1.0, Interest_Rate=7.0).loan("old", "old")
    flagged.person("none", Age=None, Annual_Income=50.0, Interest_Rate=None).loan("none", "none")
    found = flagged_features(flagged.tables(), governed.tables(), BOOK)
    rows = {row["loan_id"]: row for row in found.rows.to_pylist()}
    read = {loan: [row[name] for name in ("Age", "Annual_Income", "Interest_Rate")] for loan, row in rows.items()}
    assert read == {"old": [40.0, 100.0, 7.0], "none": [40.0, 50.0, 5.0]}
    assert found.rows.schema == loan_features(governed.tables(), BOOK).rows.schema


def test_loans_of_flagged_customers_without_their_rows_are_counted_and_raise_nothing() -> None:
    flagged = Customers()
    for number in range(60):
        flagged.loan(f"c{number}", f"l{number}")
    found = flagged_features(flagged.tables(), Customers().person("a").loan("a").tables(), BOOK)
    assert (found.rows.num_rows, found.left_out) == (0, {"without_attributes": 60})


def test_no_flagged_customer_gives_no_row() -> None:
    found = flagged_features(Customers().tables(), Customers().person("a").loan("a").tables(), BOOK)
    assert (found.rows.num_rows, found.known) == (0, 0)


def test_rows_are_marked_with_the_reasons_of_their_customers() -> None:
    rows = Customers().person("a").loan("a", "one").person("b").loan("b", "two").tables()
    table = marked(loan_features(rows, BOOK).rows, {"b": "Age missing; SSN invalid"}, BOOK)
    assert table.select(["loan_id", "flagged", "flagged_reason"]).to_pylist() == [
        {"loan_id": "one", "flagged": False, "flagged_reason": None},
        {"loan_id": "two", "flagged": True, "flagged_reason": "Age missing; SSN invalid"},
    ]
    assert (without_flagged(table)["loan_id"].to_pylist(), only_flagged(table)["loan_id"].to_pylist()) == (
        ["one"], ["two"],
    )  # fmt: skip
    earlier = table.drop_columns(["flagged", "flagged_reason"])
    assert (without_flagged(earlier).num_rows, only_flagged(earlier).num_rows) == (2, 0)


def test_a_loan_counts_under_each_reason() -> None:
    day = date(2024, 7, 15)
    rows = pa.table(
        {
            "flagged": pa.array([True] * 3),
            "flagged_reason": ["Age missing", "Age missing; SSN invalid", "SSN invalid"],
            "label": pa.array([1, 0, 1], pa.int8()),
            "observation_date": pa.array([day, day, day + timedelta(1)]),
            "exposure": [10.0, None, 5.0],
        }
    )
    every = pa.table({"loan_id": ["a", "b", "c", "d"], "exposure": [10.0, None, 5.0, 45.0]})
    assert counts_of_flagged(rows, every, day) == {
        "flagged_loans": {"loans": 3, "amount": 15.0, "labelled": 2, "defaults": 1, "share": 0.25},
        "flagged_by_reason": {
            "Age missing": {"loans": 2, "amount": 10.0, "labelled": 2, "defaults": 1},
            "SSN invalid": {"loans": 2, "amount": 5.0, "labelled": 1, "defaults": 0},
        },
    }
    without = counts_of_flagged(rows.drop_columns(["exposure"]), every.drop_columns(["exposure"]), day)
    assert (without["flagged_loans"]["amount"], without["flagged_loans"]["share"]) == (None, 0.75)
