"""AUC against scikit-learn and a brute-force DeLong, its interval by simulation, and its invariances."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support, roc_auc_score

from jobs.errors import JobError
from jobs.statistics.discrimination import (
    auc_with_interval,
    classification_scores,
    gini,
    midranks,
    paired_auc_difference,
    unpaired_auc_difference,
)

LABELLED = st.lists(st.tuples(st.booleans(), st.integers(-20, 20)), min_size=4, max_size=60)


def brute_force(
    labels: NDArray[np.bool_], *scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Areas and DeLong's covariance from all pairs, as the paper of 1988 writes them."""
    areas, v10, v01 = [], [], []
    for s in scores:
        psi = (s[labels][:, None] > s[~labels]) + 0.5 * (s[labels][:, None] == s[~labels])
        areas.append(psi.mean())
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    m, n = labels.sum(), (~labels).sum()
    return np.array(areas), np.atleast_2d(np.cov(np.array(v10))) / m + np.atleast_2d(np.cov(np.array(v01))) / n


def sample(seed: int, n: int, gap: float = 1.0) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    generator = np.random.default_rng(seed)
    labels = generator.random(n) < 0.3
    return labels, generator.normal(size=n) + gap * labels


@pytest.mark.parametrize("decimals", [0, 1, 8])
def test_auc_and_variance_agree_with_sklearn_and_all_pairs(decimals: int) -> None:
    labels, scores = sample(1, 400)
    scores = scores.round(decimals)
    auc = auc_with_interval(labels.astype(int), scores)
    (area,), covariance = brute_force(labels, scores)
    assert auc.value == pytest.approx(roc_auc_score(labels, scores), rel=1e-12)
    assert auc.value == pytest.approx(area, rel=1e-12)
    assert auc.variance == pytest.approx(covariance[0, 0], rel=1e-9)
    assert (auc.n, auc.positives, auc.status) == (400, labels.sum(), "measured")


def test_interval_lies_on_the_logit_scale() -> None:
    labels, scores = sample(2, 300)
    auc = auc_with_interval(labels, scores)
    assert auc.value is not None
    assert auc.variance is not None
    half = stats.norm.ppf(0.975) * math.sqrt(auc.variance) / (auc.value * (1 - auc.value))
    centre = math.log(auc.value / (1 - auc.value))
    assert auc.low == pytest.approx(1 / (1 + math.exp(half - centre)))
    assert auc.high == pytest.approx(1 / (1 + math.exp(-half - centre)))
    wider = auc_with_interval(labels, scores, confidence=0.99)
    assert wider.low is not None
    assert auc.low is not None
    assert wider.low < auc.low


def test_interval_covers_the_true_area_as_often_as_it_says() -> None:
    truth, draws = stats.norm.cdf(1 / math.sqrt(2)), 600
    hits = 0
    for seed in range(draws):
        auc = auc_with_interval(*sample(10_000 + seed, 300))
        assert auc.low is not None
        assert auc.high is not None
        hits += auc.low <= truth <= auc.high
    # 95% nominal, measured 94.8 to 95.3; four standard errors of the number of draws.
    assert hits / draws == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / draws))


@pytest.mark.parametrize(("rows", "breaches"), [(500, 0.26), (1_000, 0.17), (3_000, 0.04)])
def test_a_bare_point_rule_reports_breaches_and_the_interval_does_not(rows: int, breaches: float) -> None:
    gap, draws = math.sqrt(2) * stats.norm.ppf(0.72), 250
    generator = np.random.default_rng(rows)
    below, confirmed = 0, 0
    for _ in range(draws):
        labels = generator.random(rows) < 0.16
        auc = auc_with_interval(labels, generator.normal(size=rows) + gap * labels)
        assert auc.value is not None
        assert auc.high is not None
        below += auc.value < 0.70
        confirmed += auc.high < 0.70
    assert below / draws == pytest.approx(breaches, abs=4 * math.sqrt(breaches * (1 - breaches) / draws) + 0.005)
    assert confirmed / draws <= 0.007 + 4 * math.sqrt(0.007 / draws)


def test_one_class_is_insufficient() -> None:
    for labels in ([0, 0, 0], [1, 1, 1], []):
        auc = auc_with_interval(labels, np.arange(len(labels)))
        assert (auc.value, auc.low, auc.high, auc.variance, auc.status) == (None, None, None, None, "insufficient")
        assert paired_auc_difference(labels, np.arange(len(labels)), np.arange(len(labels))).difference is None


@pytest.mark.parametrize(("scores", "value"), [([1, 2, 3, 4], 1.0), ([4, 3, 2, 1], 0.0)])
def test_perfect_ranking_has_a_value_and_no_interval(scores: list[float], value: float) -> None:
    auc = auc_with_interval([0, 0, 1, 1], scores)
    assert (auc.value, auc.low, auc.high, auc.status) == (value, None, None, "insufficient")


def test_a_single_row_of_a_class_has_no_interval() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        auc = auc_with_interval([0, 0, 0, 1], [1, 2, 4, 3])
        paired = paired_auc_difference([0, 0, 0, 1], [1, 2, 4, 3], [1, 2, 3, 4])
    assert auc.value == pytest.approx(2 / 3)
    assert (auc.low, auc.status) == (None, "insufficient")
    assert (paired.difference, paired.p_value) == (pytest.approx(-1 / 3), None)


def test_paired_difference_agrees_with_all_pairs() -> None:
    labels, a = sample(3, 400)
    b = a + np.random.default_rng(4).normal(scale=0.5, size=400)
    paired = paired_auc_difference(labels, a, b)
    areas, c = brute_force(labels, a, b)
    variance = c[0, 0] + c[1, 1] - 2 * c[0, 1]
    assert paired.difference == pytest.approx(areas[0] - areas[1])
    assert paired.variance == pytest.approx(variance)
    assert paired.p_value == pytest.approx(2 * stats.norm.sf(abs(areas[0] - areas[1]) / math.sqrt(variance)))
    assert paired.high == pytest.approx(areas[0] - areas[1] + stats.norm.ppf(0.975) * math.sqrt(variance))
    # The point of pairing: the unpaired error would be several times as large.
    assert variance < 0.3 * (c[0, 0] + c[1, 1])


def test_models_that_rank_alike_do_not_differ() -> None:
    labels, a = sample(5, 200)
    paired = paired_auc_difference(labels, a, np.exp(a))
    assert (paired.difference, paired.low, paired.high, paired.p_value) == (0.0, 0.0, 0.0, 1.0)


def test_swapping_the_models_turns_the_difference_round() -> None:
    labels, a = sample(6, 200)
    b = np.random.default_rng(7).normal(size=200)
    there, back = paired_auc_difference(labels, a, b), paired_auc_difference(labels, b, a)
    assert there.difference == pytest.approx(-(back.difference or 0))
    assert there.low == pytest.approx(-(back.high or 0))
    assert there.p_value == pytest.approx(back.p_value)
    assert there.p_value is not None
    assert there.p_value < 0.05


@given(LABELLED)
def test_auc_is_blind_to_monotone_transforms_and_turns_with_the_labels(rows: list[tuple[bool, int]]) -> None:
    labels, scores = np.array([bad for bad, _ in rows]), np.array([score for _, score in rows], dtype=float)
    assume(0 < labels.sum() < labels.size)
    auc, cubed, flipped = (
        auc_with_interval(labels, scores),
        auc_with_interval(labels, scores**3 + scores),
        auc_with_interval(~labels, scores),
    )
    assert cubed == auc
    assert flipped.value == pytest.approx(1 - (auc.value or 0))
    if auc.low is not None and auc.high is not None:
        assert auc.low <= (auc.value or 0) <= auc.high
        assert flipped.low == pytest.approx(1 - auc.high)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_classification_scores_agree_with_sklearn(rows: list[tuple[bool, bool]]) -> None:
    labels, predicted = np.array(rows).T
    scores = classification_scores(labels, predicted.astype(int))
    expected = precision_recall_fscore_support(labels, predicted, average="binary", zero_division=0.0)
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx(expected[:3])
    assert scores.confusion == tuple(map(tuple, confusion_matrix(labels, predicted, labels=[False, True])))
    assert scores.n == len(rows)


def test_no_rows_score_zero() -> None:
    scores = classification_scores([], [])
    assert (scores.precision, scores.recall, scores.f1, scores.n) == (0.0, 0.0, 0.0, 0)


def test_bad_input_is_refused() -> None:
    with pytest.raises(JobError, match="1 of 2 scores are missing"):
        auc_with_interval([0, 1], [0.1, np.nan])
    with pytest.raises(ValueError, match="same rows"):
        auc_with_interval([0, 1], [0.1])
    with pytest.raises(ValueError, match="same rows"):
        classification_scores([0, 1], [1])
    with pytest.raises(ValueError, match="0 or 1"):
        auc_with_interval([0, 2], [0.1, 0.2])


def test_midranks_agree_with_scipy() -> None:
    values = np.random.default_rng(8).integers(0, 20, 200).astype(float)
    assert midranks(values).tolist() == stats.rankdata(values).tolist()


def test_gini() -> None:
    assert gini(0.75) == 0.5
    assert gini(None) is None


def test_differences_of_other_rows_add_their_variances() -> None:
    a, b = auc_with_interval(*sample(9, 300)), auc_with_interval(*sample(10, 500, gap=0.4))
    found = unpaired_auc_difference(a, b)
    assert a.variance is not None
    assert b.variance is not None
    assert found.difference == pytest.approx((a.value or 0) - (b.value or 0))
    assert found.variance == pytest.approx(a.variance + b.variance)
    error = math.sqrt(a.variance + b.variance)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(found.difference or 0) / error))
    assert found.low == pytest.approx((found.difference or 0) - stats.norm.ppf(0.975) * error)
    assert (found.n, found.positives) == (800, a.positives + b.positives)


def test_pairing_sees_what_unpaired_rows_hide() -> None:
    labels, a = sample(11, 400)
    b = a + np.random.default_rng(12).normal(scale=0.4, size=400)
    paired = paired_auc_difference(labels, a, b)
    unpaired = unpaired_auc_difference(auc_with_interval(labels, a), auc_with_interval(labels, b))
    assert unpaired.difference == pytest.approx(paired.difference)
    assert (paired.variance or 1) < 0.3 * (unpaired.variance or 0)


def test_an_area_without_interval_has_no_difference_to_speak_of() -> None:
    a, none = auc_with_interval(*sample(13, 200)), auc_with_interval([0, 0], [0.1, 0.2])
    perfect = auc_with_interval([0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9])
    assert unpaired_auc_difference(a, none).difference is None
    found = unpaired_auc_difference(a, perfect)
    assert found.difference == pytest.approx((a.value or 0) - 1)
    assert (found.low, found.p_value) == (None, None)
