"""Vintage curves: plain shares once mature, and never less than what is known before."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.statistics.vintage import vintage_curves

LOANS = st.lists(
    st.tuples(st.sampled_from(["2024-01", "2024-02"]), st.one_of(st.just(math.nan), st.integers(0, 9))), max_size=60
)


@given(LOANS)
def test_a_mature_cohort_has_the_plain_share(loans: list[tuple[str, float]]) -> None:
    cohorts, bad = [cohort for cohort, _ in loans], np.array([month for _, month in loans], dtype=float)
    points = vintage_curves(cohorts, bad, np.full(len(loans), 9))
    assert len(points) == 10 * len(set(cohorts))
    for point in points:
        own = bad[np.array(cohorts) == point.cohort]
        assert point.mature
        assert point.loans == point.observed == own.size
        assert point.bad_rate == pytest.approx(np.mean(own <= point.months_on_book))


@given(LOANS, st.lists(st.integers(0, 9), min_size=60, max_size=60))
def test_a_curve_never_falls_and_a_month_counts_those_who_reached_it(
    loans: list[tuple[str, float]], ages: list[int]
) -> None:
    cohorts, bad = [cohort for cohort, _ in loans], np.array([month for _, month in loans], dtype=float)
    age = np.array(ages[: len(loans)], dtype=float)
    points = vintage_curves(cohorts, bad, age)
    for before, after in itertools.pairwise(points):
        if before.cohort == after.cohort:
            assert after.bad_rate >= before.bad_rate - 1e-12
            assert after.months_on_book == before.months_on_book + 1
    for point in points:
        own = np.array(cohorts) == point.cohort
        known = own & ((age >= point.months_on_book) | (bad <= np.minimum(age, point.months_on_book)))
        assert point.observed == known.sum()
        assert point.mature == bool(point.observed == own.sum())
        assert 0 <= point.bad_rate <= 1


def test_a_cohort_that_is_not_mature_is_estimated_from_those_that_were_watched() -> None:
    # Four loans of which two are old: one of those went bad in month 3, one in month 1.
    points = vintage_curves(["a"] * 4, [3, 1, math.nan, math.nan], [3, 3, 3, 1])
    assert [point.bad_rate for point in points] == pytest.approx([0.0, 0.25, 0.25, 0.25 + 0.75 / 2])
    assert [point.mature for point in points] == [True, True, False, False]
    assert [point.observed for point in points] == [4, 4, 3, 3]


def test_what_lies_after_the_last_known_month_is_not_known() -> None:
    (month,) = vintage_curves(["a"], [5], [0])
    assert (month.bad_rate, month.observed) == (0.0, 1)


def test_no_loans_have_no_curve_and_lengths_must_match() -> None:
    assert vintage_curves([], [], []) == []
    with pytest.raises(ValueError, match="one entry for each loan"):
        vintage_curves(["a"], [1, 2], [3])
