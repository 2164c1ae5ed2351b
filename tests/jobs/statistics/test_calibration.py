"""Wilson's interval against scipy, and deciles of score against the bad rate."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from jobs.errors import JobError
from jobs.statistics.calibration import calibration_bins, wilson_interval


@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_wilson_agrees_with_scipy(confidence: float) -> None:
    bad, n = np.array([0, 1, 7, 50, 99, 100]), np.full(6, 100)
    low, high = wilson_interval(bad, n, confidence)
    for k, a, b in zip(bad.tolist(), low, high, strict=True):
        theirs = stats.binomtest(k, 100).proportion_ci(confidence, method="wilson")
        assert (a, b) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_no_rows_say_nothing() -> None:
    low, high = wilson_interval([0], [0])
    assert (low[0], high[0]) == (0.0, 1.0)
    assert calibration_bins([], []) == []


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=32)), min_size=1, max_size=200))
def test_bins_are_a_partition_in_order_with_each_rate_in_its_interval(rows: list[tuple[bool, float]]) -> None:
    labels, scores = np.array(rows, dtype=float).T
    bins = calibration_bins(labels, scores)
    assert sum(one.n for one in bins) == len(rows)
    assert sum(one.bad for one in bins) == labels.sum()
    assert all(one.n > 0 and one.low <= one.bad_rate <= one.high for one in bins)
    assert all(one.score_low <= one.mean_score <= one.score_high for one in bins)
    assert all(before.score_high < after.score_low for before, after in itertools.pairwise(bins))


def test_deciles_hold_a_tenth_each_and_ties_stay_together() -> None:
    scores = np.arange(1_000) / 1_000
    bins = calibration_bins(scores > 0.5, scores)
    assert [one.n for one in bins] == [100] * 10
    assert [one.bad_rate for one in bins][::9] == [0.0, 1.0]
    (one,) = calibration_bins([0, 1, 0, 0], [0.25] * 4)
    assert (one.n, one.bad, one.score_low, one.score_high) == (4, 1, 0.25, 0.25)


def test_calibrated_scores_lie_within_their_intervals_as_often_as_said() -> None:
    generator = np.random.default_rng(1)
    inside = total = 0
    for _ in range(200):
        scores = generator.random(1_000)
        bins = calibration_bins(generator.random(1_000) < scores, scores)
        inside += sum(one.low <= one.mean_score <= one.high for one in bins)
        total += len(bins)
    # 95% nominal of 2,000 bins; four standard errors, and one point for the discreteness of 100 rows.
    assert inside / total == pytest.approx(0.95, abs=4 * (0.95 * 0.05 / total) ** 0.5 + 0.01)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        calibration_bins([1], [0.1, 0.2])
    with pytest.raises(JobError, match="1 of 2 scores are missing"):
        calibration_bins([1, 0], [0.1, np.nan])
