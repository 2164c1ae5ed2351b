"""When no loan can be scored or trained on, the sentence gives the cause, its counts and what helps."""

from datetime import date

import pyarrow as pa
import pytest

from jobs.gold.labels import label_gaps
from jobs.gold.no_loans import Due, due_by, no_known_outcome, no_scored_loan
from tests.retail import BOOK

DAY = pa.date32()
NONE = Due(0, None)


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (
            {"read": 3, "kept": 1, "undated": 2},
            "2 have no date that can be read; correct the dates of the extract, or declare their format.",
        ),
        (
            {"read": 3, "kept": 0, "undated": 1, "later_than_as_of": 2, "superseded": 0},
            "1 have no date that can be read, 2 are later than as-of; choose a later --as-of.",
        ),
        (
            {"read": 4, "kept": 0, "flagged": 4},
            "4 are of customers that quality control flags; correct the values that the log of the checks names.",
        ),
    ],
)
def test_the_largest_cause_gives_the_advice(counts: dict[str, int], sentence: str) -> None:
    whole = f"of {counts['read']} rows of lms_loan_daily {sentence}"
    assert no_scored_loan(NONE, (counts, {}), BOOK) == whole
    assert no_known_outcome(NONE, 0, {}, (counts, {}), BOOK) == whole


def test_start_dates_that_cannot_be_read_and_missing_rows_of_other_sources_are_told() -> None:
    left_out = {"rows_without_loan": 7, "without_attributes": 3, "customers_without_loan": 9}
    assert no_scored_loan(NONE, ({"read": 10}, left_out), BOOK) == (
        "of 10 rows of lms_loan_daily 7 have no loan id or no start date that can be read, 3 loans have no row in "
        "features_attributes; correct the ids and the start dates."
    )
    assert "deliver extracts in which lms_loan_daily has loans" in no_scored_loan(NONE, ({"read": 10}, {}), BOOK)


def test_a_loan_that_is_due_later_says_when() -> None:
    days = pa.array([date(2024, 9, 1), date(2024, 7, 1)], DAY)
    loans = due_by(pa.table({"observation_date": days}), "observation_date")
    told = "the first of 2 loans is due on 2024-07-01; choose a later --as-of."
    assert no_scored_loan(loans, ({}, {}), BOOK) == told
    assert no_known_outcome(loans, 0, {}, ({}, {}), BOOK) == told
    assert loans + Due(1, None) == Due(3, date(2024, 7, 1))


@pytest.mark.parametrize(
    ("overdue", "told"),
    [
        ({}, "1 with no month on record; deliver the whole lms_loan_daily."),
        ({3: 0.0, 4: None}, "1 with an amount or a month that can't be read; correct the amounts and months of "),
        ({3: 0.0, 4: 0.0}, "1 with a record that ends too early; deliver a newer lms_loan_daily."),
    ],
)
def test_each_gap_of_the_outcomes_has_its_own_remedy(overdue: dict[int, float | None], told: str) -> None:
    start = date(2023, 1, 1)
    loans = pa.table({"loan_id": ["L"], "loan_start_date": [start], "observation_date": [date(2023, 8, 1)]})
    rows = [
        {"loan_id": "L", "loan_start_date": start, "installment_num": month, "overdue_amt": amount}
        | {"snapshot_date": date(2023, 1 + month, 1)}
        for month, amount in overdue.items()
    ]
    outcomes = pa.Table.from_pylist(rows, BOOK.outcomes.silver_schema)
    due, gaps = due_by(loans, "observation_date"), label_gaps(outcomes, loans, BOOK)
    assert told in no_known_outcome(due, 1, gaps, ({}, {}), BOOK)
