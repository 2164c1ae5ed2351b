"""The label-free estimate against all pairs, its interval and bias by simulation, and what it can't see.

Of a simulated mean of N draws the tolerance is four standard errors: their sample deviation over the root of N.
"""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from jobs.errors import JobError
from jobs.statistics.discrimination import auc_with_interval
from jobs.statistics.estimate import EstimatedAuc, estimate_with_interval, estimated_auc
from jobs.statistics.risk_curves import RiskCurve, logistic_curve, risk_curve_from_json

Floats = np.ndarray[Any, np.dtype[np.float64]]
TRUE = 0.80
ROWS = st.lists(st.tuples(st.integers(-5, 5), st.floats(0, 1)), min_size=2, max_size=40)


def of_all_pairs(scores: Floats, risks: Floats) -> float | None:
    """The definition, pair by pair."""
    won = total = 0.0
    for i, (s, p) in enumerate(zip(scores, risks, strict=True)):
        for j, (t, q) in enumerate(zip(scores, risks, strict=True)):
            if i != j:
                won += p * (1 - q) * ((s > t) + 0.5 * (s == t))
                total += p * (1 - q)
    return won / total if total > 1e-9 else None


def population(seed: int, n: int, *, flip: bool = False) -> tuple[Floats, Floats]:
    """(labels, scores): the risk rises with the score, or, after a change of P(Y|X), hardly does."""
    generator = np.random.default_rng(seed)
    raw = generator.normal(size=n)
    slope = 0.3 if flip else 1.2
    return (generator.random(n) < expit(slope * raw - 1.2)).astype(float), expit(raw)


def ranked(generator: np.random.Generator, n: int) -> tuple[Any, Floats]:
    """(labels, scores) of loans with a bad rate of 27% that are ranked with an AUC of TRUE."""
    bad = generator.random(n) < 0.27
    return bad, expit(generator.normal(size=n) + math.sqrt(2) * stats.norm.ppf(TRUE) * bad - 1)


@given(ROWS)
def test_the_estimate_is_the_sum_over_all_pairs(rows: list[tuple[int, float]]) -> None:
    scores, risks = np.array(rows, dtype=float).T
    expected, found = of_all_pairs(scores, risks), estimated_auc(scores, risks)
    if expected is not None:
        assert found == pytest.approx(expected, abs=1e-6)


@given(ROWS)
def test_only_the_order_of_scores_counts(rows: list[tuple[int, float]]) -> None:
    scores, risks = np.array(rows, dtype=float).T
    assert estimated_auc(scores**3 + scores, risks) == estimated_auc(scores, risks)


def test_certain_risks_give_the_realised_area() -> None:
    labels, scores = population(1, 500)
    assert estimated_auc(scores.round(1), labels) == pytest.approx(auc_with_interval(labels, scores.round(1)).value)


def test_a_row_is_no_pair_with_itself() -> None:
    # Two rows, each as likely bad as good: whichever is bad, the higher score is it in one case of two.
    assert estimated_auc([1.0, 2.0], [0.5, 0.5]) == 0.5
    assert estimated_auc([1.0, 2.0], [0.0, 1.0]) == 1.0
    assert estimated_auc([1.0, 1.0, 1.0], [0.1, 0.5, 0.9]) == pytest.approx(0.5)


@pytest.mark.parametrize("risks", [[0.0, 0.0], [1.0, 1.0], [0.5], []])
def test_without_a_pair_there_is_no_estimate(risks: list[float]) -> None:
    assert estimated_auc(np.arange(len(risks)), risks) is None


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="same rows"):
        estimated_auc([1.0], [0.1, 0.2])
    with pytest.raises(JobError, match="1 scores or risks are missing"):
        estimated_auc([1.0, np.nan], [0.1, 0.2])


@pytest.mark.parametrize(
    "rows", [200, pytest.param(370, marks=pytest.mark.thorough), pytest.param(1_000, marks=pytest.mark.thorough)]
)
def test_the_estimate_has_hardly_any_bias_and_its_interval_covers_the_truth(rows: int) -> None:
    generator, draws = np.random.default_rng(rows), 400
    found = []
    for _ in range(draws):
        curve = logistic_curve(*ranked(generator, rows))
        estimate = estimate_with_interval(ranked(generator, 645)[1], curve)
        assert estimate.value is not None
        assert estimate.low is not None
        assert estimate.high is not None
        found.append((estimate.value, estimate.low <= TRUE <= estimate.high))
    values, covered = np.array(found).T
    # An isotonic curve of these rows is wrong by +0.024, +0.015 and +0.011.
    assert abs(values.mean() - TRUE) <= 0.005 + 4 * values.std() / math.sqrt(draws)
    # Nominal 95%: four standard errors of a share of 400.
    assert covered.mean() == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / draws))


def test_the_interval_of_an_isotonic_curve_is_wider_with_fewer_rows() -> None:
    scores = ranked(np.random.default_rng(8), 500)[1]
    spans = []
    for rows in (100, 1_000, 100_000):
        found = estimate_with_interval(scores, RiskCurve((0.0, 0.5, 1.0), (0.05, 0.3, 0.9), rows))
        assert found.low is not None
        assert found.high is not None
        spans.append(found.high - found.low)
    assert spans[0] > 1.5 * spans[1] > 1.5 * spans[2] > 0


def test_the_interval_is_of_the_rows_too() -> None:
    curve = RiskCurve((0.0, 1.0), (0.0, 1.0), 10**9)
    generator, estimates, spans = np.random.default_rng(9), [], []
    for _ in range(300):
        found = estimate_with_interval(generator.beta(1, 3, 200), curve)
        assert found.value is not None
        assert found.high is not None
        estimates.append(found.value)
        spans.append((found.high - found.value) / 1.96)
    # The deviation of 300 estimates is known to 1 / sqrt(600) = 4% of itself; four times that.
    assert np.mean(spans) == pytest.approx(np.std(estimates), rel=0.16)


def test_without_an_estimate_there_is_no_interval() -> None:
    curve = RiskCurve((0.0, 1.0), (0.0, 1.0), 100)
    assert estimate_with_interval([], curve) == EstimatedAuc(None, None, None)
    assert estimate_with_interval([0.0, 1.0], curve) == EstimatedAuc(1.0, None, None)


@pytest.mark.parametrize(
    "document",
    [{}, {"scores": [], "risks": [], "rows": 0}, {"scores": [1.0], "risks": [0.1, 0.2], "rows": 2},
     {"scores": [2.0, 1.0], "risks": [0.1, 0.2], "rows": 2}, {"scores": [1.0, 2.0], "risks": [0.3, 0.2], "rows": 2},
     {"scores": ["x"], "risks": [0.1], "rows": 1}, {"intercept": 0.0, "slope": 1.0, "rows": 9},
     {"intercept": 0.0, "slope": math.nan, "covariance": [[1.0, 0.0], [0.0, 1.0]], "rows": 9}],
)  # fmt: skip
def test_a_damaged_curve_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(JobError, match="train the model again"):
        risk_curve_from_json(document)


def test_the_estimate_comes_true_while_a_score_means_what_it_meant() -> None:
    curve = logistic_curve(*population(3, 20_000))
    # Not only on the same population: the mix of customers may move, the risk of each score may not.
    for shift in (0.0, 0.7):
        generator = np.random.default_rng(4)
        raw = generator.normal(shift, 1.0, 20_000)
        labels, scores = generator.random(20_000) < expit(1.2 * raw - 1.2), expit(raw)
        realised = auc_with_interval(labels, scores)
        estimate = estimated_auc(scores, curve(scores))
        assert realised.value is not None
        assert realised.variance is not None
        # Both the curve and the outcome are of 20,000 rows: four standard errors of their difference.
        assert estimate == pytest.approx(realised.value, abs=4 * (2 * realised.variance) ** 0.5)


def test_the_estimate_is_blind_to_a_change_of_what_a_score_means() -> None:
    curve = logistic_curve(*population(5, 20_000))
    labels, scores = population(6, 20_000, flip=True)
    estimate, realised = estimated_auc(scores, curve(scores)), auc_with_interval(labels, scores).value
    assert estimate is not None
    assert realised is not None
    assert realised < 0.60 < 0.70 < estimate


def test_it_takes_sorting_and_not_all_pairs() -> None:
    generator = np.random.default_rng(7)
    scores, risks = generator.normal(size=400_000), generator.random(400_000)
    # All pairs of these would be 160,000,000,000.
    assert estimated_auc(scores, risks) == pytest.approx(0.5, abs=0.01)


def test_a_curve_is_flat_beyond_what_it_saw() -> None:
    curve = RiskCurve((0.2, 0.4), (0.1, 0.5), 10)
    assert curve([-9.0, 0.3, 9.0]).tolist() == pytest.approx([0.1, 0.3, 0.5])
