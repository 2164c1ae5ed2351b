"""Segments: their bands, their measures, and the ratio of approvals."""

import numpy as np
import pyarrow as pa
import pytest

from jobs.book.features import Segment
from jobs.book.retail import BOOK
from jobs.monitoring.segments import bands, segments_of
from jobs.monitoring.validation import backtests
from jobs.statistics.backtest import backtest


def column(*values: object) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values)])


def named(values: pa.ChunkedArray, segment: Segment) -> dict[str, int]:
    return {band: int(mask.sum()) for band, mask in bands(values, segment)}


def scored(**columns: object) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def test_a_number_has_the_bands_of_its_bounds() -> None:
    ages = column(17, 18, 24, 25, 44, 45, 99, None)
    assert named(ages, Segment("Age", (18, 25, 35, 45))) == {
        "under 18": 1, "18-24": 2, "25-34": 1, "35-44": 1, "45 and more": 2, "missing": 1
    }  # fmt: skip
    assert "0.5 to below 1" in named(column(0.2, 0.7, 1.5), Segment("x", (0.5, 1.0)))


def test_without_bounds_a_number_has_its_values_or_its_quarters() -> None:
    assert named(column(6, 12, 12, 24), Segment("tenure")) == {"6": 1, "12": 2, "24": 1, "missing": 0}
    quarters = named(pa.chunked_array([pa.array(np.arange(1000.0))]), Segment("amount"))
    assert [count for band, count in quarters.items() if band != "missing"] == [250] * 4
    assert named(column(None, None).cast(pa.float64()), Segment("amount")) == {"missing": 2}


def test_a_category_has_its_levels() -> None:
    assert named(column("Chef", None, "Baker", "Chef"), Segment("Occupation")) == {"Baker": 1, "Chef": 2, "missing": 1}


def test_the_measures_of_a_band_are_those_of_its_loans() -> None:
    table = scored(
        age=[20, 20, 20, 20, 50, 50, 50, 50] * 10,
        predicted_proba=[0.9, 0.4, 0.8, 0.3, 0.1, 0.2, 0.6, 0.1] * 10,
        predicted_label=[1, 0, 1, 0, 0, 0, 1, 0] * 10,
        label=[1, 0, 1, None, 0, 0, 0, 1] * 10,
    )
    young, old = segments_of(table, (Segment("age", (18, 35)), Segment("not there")))
    assert (young["band"], young["loans"], young["labelled"], young["defaults"]) == ("18-34", 40, 30, 20)
    assert (young["auc"], young["bad_rate"], young["mean_pd"]) == (1.0, 2 / 3, pytest.approx(0.7))
    assert (young["approval"], old["approval"]) == (0.5, 0.75)
    assert (young["approval_ratio"], old["approval_ratio"]) == (pytest.approx(2 / 3), 1.0)
    assert (young["below_four_fifths"], old["below_four_fifths"]) == (True, False)
    assert old["auc"] == pytest.approx(1 / 6)


def test_loans_not_in_arrears_stand_beside_all_loans_of_a_band_and_of_a_cohort() -> None:
    rows = {
        "age": [20] * 5 + [50] * 3,
        "predicted_proba": [0.9, 0.4, 0.8, 0.3, 0.5, 0.1, 0.2, 0.6],
        "predicted_label": [1, 0, 1, 0, 0, 0, 0, 1],
        "label": [1, 0, 1, 0, None, 0, 0, 1],
        "cohort": ["2025-01"] * 8,
    }
    late = [True, False, False, None, False, False, True, True]
    young, old = segments_of(scored(**rows, in_arrears=late), (Segment("age", (18, 35)),))
    apart = young["not_in_arrears"]
    assert (apart["labelled"], apart["defaults"], apart["bad_rate"], apart["auc"]) == (2, 1, 0.5, 1.0)
    assert (young["loans"], young["labelled"], apart["loans"]) == (5, 4, 3)  # one of the three has no outcome yet
    assert apart["mean_pd"] == pytest.approx(0.6)
    assert (old["auc"], old["not_in_arrears"]["auc"], old["not_in_arrears"]["labelled"]) == (1.0, None, 1)
    whole, cohort = backtests(scored(**rows, in_arrears=late))
    assert (whole["n"], whole["not_in_arrears"]["n"], whole["not_in_arrears"]["defaults"]) == (7, 3, 1)
    assert cohort["not_in_arrears"] == whole["not_in_arrears"]
    alone = backtest([0, 1, 0], [0.4, 0.8, 0.1])
    assert whole["not_in_arrears"] == {**vars(alone), "direction": alone.direction}
    unknown = scored(**rows)
    assert [row["not_in_arrears"] for row in segments_of(unknown, (Segment("age", (18, 35)),))] == [None, None]
    assert [row["not_in_arrears"] for row in backtests(unknown)] == [None, None]


def test_a_ratio_of_four_fifths_is_not_below() -> None:
    table = scored(
        age=[20] * 50 + [50] * 50,
        predicted_proba=[0.5] * 100,
        predicted_label=[1, 0, 0, 0, 0] * 10 + [0] * 50,
        label=[0] * 100,
    )
    ratios = [row["approval_ratio"] for row in segments_of(table, (Segment("age", (18, 35)),))]
    assert ratios == [0.8, 1.0]
    assert not any(row["below_four_fifths"] for row in segments_of(table, (Segment("age", (18, 35)),)))


def test_few_loans_and_missing_values_are_no_group_to_compare_with() -> None:
    table = scored(
        age=[20] * 100 + [30] * 100 + [50] + [None] * 100,
        predicted_proba=[0.5] * 301,
        predicted_label=[1, 0] * 50 + [1, 0] * 50 + [0] + [0] * 100,
        label=[0] * 301,
    )
    rows = segments_of(table, (Segment("age", (18, 25, 35)),))
    assert [(row["band"], row["approval_ratio"]) for row in rows] == [
        ("18-24", 1.0), ("25-34", 1.0), ("35 and more", None), ("missing", 2.0)
    ]  # fmt: skip
    assert not any(row["below_four_fifths"] for row in rows)


def test_amounts_are_written_out() -> None:
    assert named(column(1_234_567.5, 2_000_000.0), Segment("amount", (1_500_000,))) == {
        "under 1,500,000": 1, "1,500,000 and more": 1, "missing": 0
    }  # fmt: skip


def test_the_backtest_is_of_all_loans_and_of_each_cohort_with_outcomes() -> None:
    table = scored(
        cohort=["2025-02", "2025-01", "2025-01", "2025-03"],
        predicted_proba=[0.2, 0.5, 0.5, 0.9],
        label=[0, 1, 0, None],
    )
    found = backtests(table)
    assert [(row["cohort"], row["n"], row["defaults"]) for row in found] == [
        (None, 3, 1), ("2025-01", 2, 1), ("2025-02", 1, 0)
    ]  # fmt: skip


def test_the_default_book_names_the_segments_of_a_validation() -> None:
    assert [(one.feature, one.bounds) for one in BOOK.segments] == [
        ("Age", (18, 25, 35, 45)), ("Occupation", ()), ("tenure", ()), ("loan_amt", ())
    ]  # fmt: skip
