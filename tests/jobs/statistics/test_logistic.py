"""Platt's curve against scikit-learn's logistic regression, and its ranks, ties and ends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from sklearn.calibration import _SigmoidCalibration
from sklearn.linear_model import LogisticRegression

from jobs.errors import JobError
from jobs.statistics.logistic import LEAST_SLOPE, calibrated, platt_curve, tempered_logits


def made(n: int, slope: float, intercept: float, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(labels, raw scores) whose calibration curve has this slope and intercept."""
    generator = np.random.default_rng(seed)
    x = generator.normal(0.3, 1.2, n)
    return (generator.random(n) < expit(slope * x + intercept)).astype(np.int64), expit(x)


def test_the_curve_is_that_of_maximum_likelihood() -> None:
    labels, raw = made(3_000, 0.7, -1.0)
    slope, intercept = platt_curve(labels, tempered_logits(raw))
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(raw)[:, None], labels)
    # Platt's targets move the curve by about 1 in the number of loans of the smaller class.
    assert slope == pytest.approx(theirs.coef_[0, 0], abs=5e-3)
    assert intercept == pytest.approx(theirs.intercept_[0], abs=5e-3)
    platt = _SigmoidCalibration().fit(logit(raw), labels)
    assert (-slope, -intercept) == pytest.approx((platt.a_, platt.b_), abs=1e-3)


def test_a_known_curve_is_found() -> None:
    """Within four standard errors: the inverse of the information, summed over the loans."""
    labels, raw = made(200_000, 0.5, -1.5)
    x = logit(raw)
    weights = expit(0.5 * x - 1.5) * (1 - expit(0.5 * x - 1.5))
    information = np.array([[np.sum(weights * x * x), np.sum(weights * x)], [np.sum(weights * x), np.sum(weights)]])
    errors = np.sqrt(np.diag(np.linalg.inv(information)))
    found = np.array(platt_curve(labels, tempered_logits(raw)))
    assert np.all(np.abs(found - (0.5, -1.5)) < 4 * errors)


SCORES = st.lists(st.floats(0, 1), min_size=2, max_size=60, unique=True)


@given(SCORES)
def test_logits_rise_strictly_and_are_finite_at_both_ends(scores: list[float]) -> None:
    values = np.sort(np.array([0.0, 1.0, *scores]))
    found = tempered_logits(np.unique(values))
    assert np.isfinite(found).all()
    # Two floats that are neighbours may have logits that round to one.
    apart = np.diff(np.unique(values)) > 1e-12
    assert np.all(np.diff(found)[apart] > 0)
    assert np.all(np.diff(found) >= 0)


def test_between_the_tails_it_is_the_logit() -> None:
    values = np.linspace(0.0001, 0.9999, 99)
    assert tempered_logits(values) == pytest.approx(logit(values), abs=1e-12)


def test_scores_of_0_and_1_do_not_decide_the_curve() -> None:
    generator = np.random.default_rng(2)
    raw = np.where(generator.random(2_000) < 0.5, generator.integers(0, 2, 2_000), generator.random(2_000))
    labels = (generator.random(2_000) < 0.1 + 0.6 * raw).astype(np.int64)
    slope, intercept = platt_curve(labels, tempered_logits(raw))
    scores = calibrated(raw, slope, intercept)
    assert np.unique(scores).size == np.unique(raw).size
    assert scores.mean() == pytest.approx(labels.mean(), abs=1e-3)


@pytest.mark.parametrize("turned", [False, True])
def test_scores_that_rank_no_better_than_chance_become_the_bad_rate_in_their_order(turned: bool) -> None:
    labels, raw = made(2_000, -1.0 if turned else 0.0, -1.0)
    slope, intercept = platt_curve(labels, tempered_logits(raw))
    assert slope >= LEAST_SLOPE
    scores = calibrated(raw, slope, intercept)
    assert np.array_equal(np.argsort(scores, kind="stable"), np.argsort(raw, kind="stable"))
    assert scores.mean() == pytest.approx(labels.mean(), abs=1e-3)


@pytest.mark.parametrize("score", [0.0, 0.4, 1.0])
def test_one_score_for_every_loan_becomes_the_bad_rate(score: float) -> None:
    labels = np.arange(500) < 120
    scores = calibrated(np.full(500, score), *platt_curve(labels, tempered_logits(np.full(500, score))))
    assert scores == pytest.approx(np.full(500, 0.24), abs=2e-3)


def test_scores_that_separate_the_classes_have_a_finite_curve() -> None:
    labels = np.repeat([0, 1], 50)
    slope, intercept = platt_curve(labels, tempered_logits(labels.astype(float)))
    assert np.isfinite((slope, intercept)).all()
    assert calibrated(np.array([0.0, 1.0]), slope, intercept) == pytest.approx([1 / 52, 51 / 52], abs=1e-6)


def test_one_class_can_not_be_calibrated() -> None:
    with pytest.raises(JobError, match="2 scores of 2 loans, 0 of them bad"):
        platt_curve([0, 0], [0.1, 0.2])
