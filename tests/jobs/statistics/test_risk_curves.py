"""The logistic curve of risk by score against scikit-learn, its covariance by simulation, and its ends."""

import json

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from jobs.errors import JobError
from jobs.statistics.risk_curves import logistic_curve, risk_curve_from_json

INTERCEPT, SLOPE = -0.7, 1.4


def drawn(generator: np.random.Generator, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """(labels, scores) of rows whose risk is logistic in the logit of the score."""
    scores = generator.beta(2, 4, rows)
    return generator.random(rows) < expit(INTERCEPT + SLOPE * logit(scores)), scores


def test_the_curve_is_the_logistic_regression_of_sklearn_on_the_logit() -> None:
    labels, scores = drawn(np.random.default_rng(1), 700)
    curve = logistic_curve(labels, scores)
    theirs = LogisticRegression(C=np.inf, tol=1e-10).fit(logit(scores)[:, None], labels)
    assert (curve.intercept, curve.slope) == pytest.approx((theirs.intercept_[0], theirs.coef_[0, 0]), abs=1e-5)
    assert curve(scores) == pytest.approx(theirs.predict_proba(logit(scores)[:, None])[:, 1], abs=1e-5)
    assert curve(scores).mean() == pytest.approx(labels.mean(), abs=1e-9)
    assert risk_curve_from_json(json.loads(json.dumps(curve.as_json(), allow_nan=False))) == curve


def test_the_covariance_is_that_of_the_parameters() -> None:
    generator, draws = np.random.default_rng(2), 400
    curves = [logistic_curve(*drawn(generator, 500)) for _ in range(draws)]
    parameters = np.array([(curve.intercept, curve.slope) for curve in curves])
    told = np.mean([curve.covariance for curve in curves], axis=0)
    # A variance of 400 draws is known to sqrt(2 / 400) = 7% of itself; three times that.
    assert np.diag(told) == pytest.approx(parameters.var(axis=0), rel=0.21)
    assert told[0, 1] == pytest.approx(told[1, 0])
    assert told[0, 1] > 0


@pytest.mark.parametrize("labels", [[0, 0, 0, 0], [1, 1, 1, 1], [0, 0, 1, 1]])
def test_rows_of_one_class_and_rows_that_the_score_separates_have_a_curve(labels: list[int]) -> None:
    scores = [0.0, 0.2, 0.8, 1.0]
    curve = logistic_curve(labels, scores)
    assert curve(scores) == pytest.approx(np.array(labels), abs=0.01)
    assert risk_curve_from_json(json.loads(json.dumps(curve.as_json(), allow_nan=False))) == curve


def test_scores_of_one_value_have_the_rate_of_their_rows() -> None:
    curve = logistic_curve([1, 0, 0, 0], [0.3] * 4)
    assert curve([0.3]) == pytest.approx([0.25])
    assert np.isnan(curve([np.nan])).all()


def test_a_curve_needs_labelled_rows() -> None:
    with pytest.raises(JobError, match="needs labelled rows"):
        logistic_curve([], [])
