"""The accounts of the values that tasks return, also of those that earlier releases returned."""

from typing import Any

import pytest

from jobs.accounting.statements import accounts_of, remarks_of

FILE = {"read": 10, "stored": 9, "quarantined": 1, "reasons": {"a NUL byte": 1}, "blank_lines": 0}
# What the tasks of the release before accounts returned.
EARLIER: dict[str, dict[str, Any]] = {
    "ingest_loans": FILE,
    "clean_ledger": {"rows": 9, "became_null": {"paid": {"empty": 2}}},
    "remove_flagged_customers": {
        "flagged": 1,
        "reasons": {"Age missing": 1},
        "rows": {"ledger": {"read": 9, "kept": 8, "flagged": 1}},
    },
    "gold_feature_engineering": {"loans": 3, "matured": 2, "defaults": 1, "left_out": {"without_people": 1}},
    "prepare_inference_data": {"loans": 3, "flagged": 1, "left_out": {}, "refreshed": ["loans"]},
    "make_predictions": {"version": "1"},
    "fetch_predictions_and_actuals": {"version": "1", "fitted": 2},
    "calculate_monitoring_metrics": {"row": {"labelled": 1, "estimate_rows": 0}},
}


def sentences(values: dict[str, dict[str, Any]]) -> list[str]:
    return [account.sentence for account in accounts_of(values)]


def test_each_file_of_a_dataset_has_an_account() -> None:
    files = {"a.csv": FILE, "b.csv": {**FILE, "read": 3, "stored": 3, "quarantined": 0, "reasons": {}}}
    assert sentences({"ingest_loans": {**FILE, "files": files}}) == [
        "a.csv: 10 records read = 9 stored + 1 quarantined",
        "a.csv: 1 record quarantined = 1 with a NUL byte",
        "b.csv: 3 records read = 3 stored + 0 quarantined",
    ]


def test_a_column_has_its_nulls_by_reason() -> None:
    values = {"of_rows": 9, "rows": 9, "became_null": {"paid": {"empty": 2, "no number": 1}}, "nulls": {"paid": 3}}
    assert sentences({"clean_ledger": values}) == [
        "ledger: 9 rows stored = 9 cleaned",
        "paid of ledger: 9 values = 6 readable + 2 empty + 1 no number",
    ]
    unexplained = accounts_of({"clean_ledger": {**values, "nulls": {"paid": 3, "due": 1}}})
    assert [one.name for one in unexplained if one.balanced is False] == ["due of ledger"]


def test_loans_are_labelled_waiting_without_a_label_or_left_out() -> None:
    values = {"known": 9, "matured": 4, "waiting": 2, "unlabelled": {"record_ends_early": 1}}
    values["left_out"] = {"without_people": 2, "customers_without_loan": 7}
    (account,) = accounts_of({"gold_feature_engineering": values})
    assert account.balanced
    assert account.sentence == (
        "loans: 9 known = 4 labelled + 2 waiting + 1 whose record ends early + 2 without people"
    )


def test_scores_replace_the_prepared_loans_once_they_are_there() -> None:
    prepared = {"prepare_inference_data": {"known": 9, "loans": 7, "not_due": 2, "left_out": {}}}
    assert sentences(prepared) == ["loans: 9 known = 7 prepared + 2 not due yet"]
    scored = {**prepared, "make_predictions": {"scored": 7}}
    assert sentences(scored) == ["loans: 9 known = 7 scored + 2 not due yet"]
    stored = {**scored, "store_predictions_gold": {"scored": 6}}
    assert sentences(stored) == ["loans: 9 known ≠ 6 scored + 2 not due yet"]


def test_what_inference_reads_itself_is_accounted_for() -> None:
    cleaned = {"of_rows": 9, "rows": 9, "became_null": {}, "nulls": {}, "formats": {"/data/a.csv": {"paid": "points"}}}
    files = {"a.csv": {**FILE, "blank_lines": 4}}
    done = {"ingested": {**FILE, "files": files}, "table": "ledger", "cleaned": cleaned}
    values = {"prepare_inference_data": {"sources": {"loans": done}}}
    assert sentences(values) == [
        "a.csv: 10 records read = 9 stored + 1 quarantined",
        "a.csv: 1 record quarantined = 1 with a NUL byte",
        "ledger: 9 rows stored = 9 cleaned",
    ]
    assert remarks_of(values) == [
        "a.csv: 4 blank lines are no records.",
        "paid in a.csv is written with points.",
    ]


def test_conflicts_and_what_has_no_loan_are_noted() -> None:
    quality = {"flagged": 0, "reasons": {}, "rows": {}, "conflicts": {"ledger": 1200, "people": 0}}
    quality |= {"changing_loans": {"ledger": 1}}
    gold = {"left_out": {"without_people": 2, "customers_without_loan": 7}}
    assert remarks_of({"remove_flagged_customers": quality, "gold_feature_engineering": gold}) == [
        "ledger: 1,200 keys have rows of one date with different values; the last row counts.",
        "ledger: 1 loan has rows that differ in what is said of the loan as a whole.",
        "7 customers without loan.",
    ]


def test_values_of_the_earlier_release_are_shown_as_far_as_they_are_known() -> None:
    found = accounts_of(EARLIER)
    assert [one.balanced for one in found].count(False) == 0
    assert [one.sentence for one in found] == [
        "loans: 10 records read = 9 stored + 1 quarantined",
        "loans: 1 record quarantined = 1 with a NUL byte",
        "paid of ledger: 9 values → ? readable + 2 empty",
        "ledger: 9 rows cleaned = 8 kept + 1 of flagged customers",
        "customers: 1 flagged: 1 Age missing",
        "loans: ? known → 2 labelled + ? waiting + 1 without people",
        "loans: ? known → ? scored + ? not due yet",
        "loans: ? with a prediction → 2 used in training + 1 labelled + 0 waiting",
    ]
    assert remarks_of(EARLIER) == []


def test_tasks_of_a_lender_have_no_accounts() -> None:
    values = {"export": {"rows": 7, "read": "all"}, "ingest_own": {"read": 1}, "clean_own": {"rows": {"a": 1}}}
    assert accounts_of(values) == []
    assert remarks_of({"export": {"left_out": 3, "formats": "csv", "files": 2, "conflicts": None}}) == []


@pytest.mark.parametrize(
    "values",
    [
        {"sources": {"a": 3}},
        {"sources": {"a": {"ingested": 1, "cleaned": {"rows": 1, "became_null": {"paid": 2}}}}},
        {"flagged": 3, "rows": {"x": 5}},
        {"flagged": "all", "reasons": {"old": 1}, "rows": {"x": {"read": "5", "kept": 5}}, "customers": {"known": 1}},
        {"read": "all", "stored": 1, "quarantined": 0, "reasons": {}},
        {"files": {"a.csv": 1, "b.csv": {"read": 1}}, "formats": {"a.csv": 1}, "conflicts": {"a": "b"}},
        {"rows": 5, "became_null": {}, "of_rows": "5", "left_out": {"without_people": "x", "rest": "y"}},
        {"matured": {"a": 1}, "known": 1, "loans": "none", "fitted": [1], "predictions": 3},
    ],
)
def test_values_of_another_shape_have_no_accounts(values: dict[str, Any]) -> None:
    names = ("export", "ingest_own", "clean_own", *EARLIER)
    assert [sentences({name: values}) for name in names] == [[]] * len(names)
    assert [remarks_of({name: values}) for name in names] == [[]] * len(names)


def test_only_tasks_that_count_records_rows_customers_or_loans_have_accounts() -> None:
    for values in EARLIER.values():
        assert accounts_of({"own": values, "own_clean_ledger": values}) == []
    assert remarks_of({"own": {"left_out": {"rows": 1}, "formats": {"a.csv": {"paid": "points"}}}}) == []
