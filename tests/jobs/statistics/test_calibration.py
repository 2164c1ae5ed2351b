"""Wilson's interval against scipy, and deciles of score against the bad rate."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from jobs.errors import JobError
from jobs.statistics.calibration import (
    brier_score,
    calibration_bins,
    calibration_error,
    calibration_noise,
    expected_calibration_error,
    wilson_interval,
)


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


def off_by(shift: float, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(labels, scores): every score lies `shift` above the probability of default."""
    generator = np.random.default_rng(seed)
    truth = generator.beta(1.2, 3, n) * 0.9
    return (generator.random(n) < truth).astype(np.int64), truth + shift


def test_noise_alone_gives_what_the_docstrings_say() -> None:
    """At 1,000 loans and v = 0.155 on average; of 400 simulations, within four standard errors."""
    found = [off_by(0.0, 1_000, seed) for seed in range(400)]
    variance = np.mean([np.mean(scores * (1 - scores)) for _, scores in found])
    plain = np.array([expected_calibration_error(*one) for one in found])
    noise = np.array([calibration_noise(scores) for _, scores in found])
    expected = (2 * variance * 10 / (np.pi * 1_000)) ** 0.5
    assert np.mean(noise**2) == pytest.approx(expected**2)
    # The variance differs from bin to bin, which makes the mean of roots smaller, by up to a tenth here.
    assert 0.9 * expected - 4 * plain.std() / 20 < plain.mean() < expected + 4 * plain.std() / 20
    beyond = np.array([calibration_error(*one) for one in found])
    assert np.mean(beyond < (0.83 * variance * 10 / 1_000) ** 0.5) > 0.95 - 4 * (0.95 * 0.05 / 400) ** 0.5
    assert np.median(beyond) < 0.01


@pytest.mark.parametrize("shift", [0.03, 0.1])
def test_the_calibration_error_is_the_distance_of_the_scores(shift: float) -> None:
    found = [calibration_error(*off_by(shift, 4_000, seed)) or 0.0 for seed in range(60)]
    # The square is unbiased; its root of a mean of 60 is within four standard errors.
    squares = np.array(found) ** 2
    assert squares.mean() == pytest.approx(shift**2, abs=4 * squares.std() / 60**0.5)


def test_bins_of_one_loan_and_no_loans_have_no_calibration_error() -> None:
    assert calibration_error([], []) is expected_calibration_error([], []) is calibration_noise([]) is None
    assert calibration_error([1], [0.2]) is None
    assert calibration_error([0] * 50, [0.0] * 50) == 0.0


def test_the_brier_score_is_the_mean_square() -> None:
    assert brier_score([1, 0], [0.7, 0.4]) == pytest.approx((0.09 + 0.16) / 2)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        calibration_bins([1], [0.1, 0.2])
    with pytest.raises(JobError, match="1 of 2 scores are missing"):
        calibration_bins([1, 0], [0.1, np.nan])
