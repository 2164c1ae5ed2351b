"""The label-free estimate against all pairs, its calibration against scikit-learn, and what it can't see."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from jobs.errors import JobError
from jobs.statistics.discrimination import auc_with_interval
from jobs.statistics.estimate import RiskCurve, estimated_auc, risk_curve, risk_curve_from_json

Floats = np.ndarray[Any, np.dtype[np.float64]]
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
    scores = generator.normal(size=n)
    slope = 0.3 if flip else 1.2
    return (generator.random(n) < 1 / (1 + np.exp(1.2 - slope * scores))).astype(float), scores


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
    with pytest.raises(JobError, match="needs labelled rows"):
        risk_curve([], [])


@given(st.lists(st.tuples(st.booleans(), st.integers(-8, 8)), min_size=1, max_size=60))
def test_the_curve_is_the_isotonic_regression_of_sklearn(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array(rows, dtype=float).T
    curve, ours = risk_curve(labels, scores), np.linspace(-10, 10, 81)
    theirs = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(scores, labels)
    assert curve(ours) == pytest.approx(theirs.predict(ours), abs=1e-9)
    assert np.all(np.diff(curve(ours)) >= -1e-12)
    assert risk_curve_from_json(json.loads(json.dumps(curve.as_json(), allow_nan=False))) == curve


def test_the_curve_keeps_the_rate_of_its_rows() -> None:
    labels, scores = population(2, 4_000)
    curve = risk_curve(labels, scores)
    assert curve(scores).mean() == pytest.approx(labels.mean())
    assert (curve.rows, len(curve.scores) < 400) == (4_000, True)


@pytest.mark.parametrize(
    "document",
    [{}, {"scores": [], "risks": [], "rows": 0}, {"scores": [1.0], "risks": [0.1, 0.2], "rows": 2},
     {"scores": [2.0, 1.0], "risks": [0.1, 0.2], "rows": 2}, {"scores": [1.0, 2.0], "risks": [0.3, 0.2], "rows": 2},
     {"scores": ["x"], "risks": [0.1], "rows": 1}],
)  # fmt: skip
def test_a_damaged_curve_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(JobError, match="train the model again"):
        risk_curve_from_json(document)


def test_the_estimate_comes_true_while_a_score_means_what_it_meant() -> None:
    curve = risk_curve(*population(3, 20_000))
    # Not only on the same population: the mix of customers may move, the risk of each score may not.
    for shift in (0.0, 0.7):
        generator = np.random.default_rng(4)
        scores = generator.normal(shift, 1.0, 20_000)
        labels = generator.random(20_000) < 1 / (1 + np.exp(1.2 - 1.2 * scores))
        realised = auc_with_interval(labels, scores)
        estimate = estimated_auc(scores, curve(scores))
        assert realised.value is not None
        assert realised.variance is not None
        # Both the curve and the outcome are of 20,000 rows: four standard errors of their difference.
        assert estimate == pytest.approx(realised.value, abs=4 * (2 * realised.variance) ** 0.5)


def test_the_estimate_is_blind_to_a_change_of_what_a_score_means() -> None:
    curve = risk_curve(*population(5, 20_000))
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
