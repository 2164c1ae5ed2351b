"""How well scores separate bad from good loans: AUC with DeLong's interval, paired comparison, scores at a threshold.

DeLong, DeLong and Clarke-Pearson (1988); fast form by Sun and Xu (2014); interval on the logit scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from jobs.errors import JobError
from storage.on_use import np, npt, special


@dataclass(frozen=True)
class Auc:
    """The area under the ROC curve of `n` rows, `positives` of them bad, with its interval and DeLong's variance.

    `value` is None for labels of one class. The interval is None then too, at an AUC of exactly 0 or 1, and with a
    single row of a class, because the variance is not defined there.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    positives: int
    variance: float | None

    @property
    def status(self) -> Literal["measured", "insufficient"]:
        """`measured` when the value has an interval, else `insufficient`."""
        return "insufficient" if self.low is None else "measured"


@dataclass(frozen=True)
class AucDifference:
    """AUC of a minus AUC of b, its interval, and the two-sided p-value of no difference; n and positives of all rows.

    The areas are None for labels of one class. Interval, p-value and variance are None when the variance is not defined
    (see `Auc`).
    """

    auc_a: float | None
    auc_b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    variance: float | None
    n: int
    positives: int


@dataclass(frozen=True)
class Classification:
    """Precision, recall and F1 of the bad class, and the four counts of the confusion matrix."""

    precision: float
    recall: float
    f1: float
    true_negatives: int
    false_positives: int
    false_negatives: int
    true_positives: int

    @property
    def n(self) -> int:
        """The number of rows."""
        return self.true_negatives + self.false_positives + self.false_negatives + self.true_positives

    @property
    def confusion(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Counts by actual (row) and predicted (column), good first, as in scikit-learn."""
        return (self.true_negatives, self.false_positives), (self.false_negatives, self.true_positives)


@dataclass(frozen=True)
class _Placements:
    """One row of each array per scorer: areas, and the placement values of positives (V01) and negatives (V10)."""

    areas: npt.NDArray[np.float64]
    positives: npt.NDArray[np.float64]
    negatives: npt.NDArray[np.float64]


def auc_with_interval(labels: npt.ArrayLike, scores: npt.ArrayLike, confidence: float = 0.95) -> Auc:
    """The AUC of `scores` (higher is worse) for `labels` (1 or True is bad), both of length n.

    Raises JobError for missing scores and ValueError for lengths that differ or labels other than 0 and 1.
    """
    bad, (values,) = _checked(labels, scores)
    n, positives = bad.size, int(bad.sum())
    if positives in (0, n):
        return Auc(None, None, None, n, positives, None)
    placements = _placements(bad, values)
    value = float(placements.areas[0])
    covariance = _covariance(placements)
    if covariance is None or value in (0.0, 1.0):
        return Auc(value, None, None, n, positives, None)
    variance = float(covariance[0, 0])
    centre, half = float(special.logit(value)), _z(confidence) * math.sqrt(variance) / (value * (1 - value))
    return Auc(value, float(special.expit(centre - half)), float(special.expit(centre + half)), n, positives, variance)


def paired_auc_difference(
    labels: npt.ArrayLike, scores_a: npt.ArrayLike, scores_b: npt.ArrayLike, confidence: float = 0.95
) -> AucDifference:
    """How much better `scores_a` ranks the same rows than `scores_b`, by DeLong's paired covariance.

    Errors as in `auc_with_interval`. Scores that rank alike differ by exactly 0, with a p-value of 1.
    """
    bad, (a, b) = _checked(labels, scores_a, scores_b)
    n, positives = bad.size, int(bad.sum())
    if positives in (0, n):
        return AucDifference(None, None, None, None, None, None, None, n, positives)
    placements = _placements(bad, a, b)
    area_a, area_b = placements.areas.tolist()
    difference, covariance = area_a - area_b, _covariance(placements)
    if covariance is None:
        return AucDifference(area_a, area_b, difference, None, None, None, None, n, positives)
    # The rounding of three nearly equal terms may give a negative number.
    variance = max(float(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]), 0.0)
    if variance < np.finfo(np.float64).eps * float(covariance.trace()) or variance == 0.0:
        alike = abs(difference) < np.finfo(np.float64).eps * 4
        low, high, p_value = (0.0, 0.0, 1.0) if alike else (None, None, None)
        return AucDifference(area_a, area_b, 0.0 if alike else difference, low, high, p_value, 0.0, n, positives)
    return _difference((area_a, area_b), variance, (n, positives), confidence)


def unpaired_auc_difference(a: Auc, b: Auc, confidence: float = 0.95) -> AucDifference:
    """The AUC of a minus the AUC of b, measured on different rows. Its variance is the sum of both.

    Interval and p-value are None when one of the areas has no interval. For the same rows, `paired_auc_difference`
    detects much smaller differences.
    """
    n, positives = a.n + b.n, a.positives + b.positives
    if a.value is None or b.value is None:
        return AucDifference(a.value, b.value, None, None, None, None, None, n, positives)
    if a.low is None or b.low is None or a.variance is None or b.variance is None:
        return AucDifference(a.value, b.value, a.value - b.value, None, None, None, None, n, positives)
    return _difference((a.value, b.value), a.variance + b.variance, (n, positives), confidence)


def classification_scores(labels: npt.ArrayLike, predicted: npt.ArrayLike) -> Classification:
    """Precision, recall and F1 of predicting 1 (bad); a division by zero counts as 0.0, as in scikit-learn."""
    actual, guess = _booleans(labels), _booleans(predicted)
    if actual.shape != guess.shape:
        raise ValueError(f"labels and predictions of the same rows are needed, not {actual.size} and {guess.size}")
    tn, fp, fn, tp = np.bincount(2 * actual.astype(np.intp) + guess, minlength=4).tolist()
    return Classification(_ratio(tp, tp + fp), _ratio(tp, tp + fn), _ratio(2 * tp, 2 * tp + fp + fn), tn, fp, fn, tp)


def gini(auc: float | None) -> float | None:
    """Gini = 2 AUC - 1, None for None."""
    return None if auc is None else 2 * auc - 1


def midranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Ranks from 1; tied values have the mean of their ranks."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    ranks: npt.NDArray[np.float64] = (ends - (sizes - 1) / 2)[group]
    return ranks


def _difference(areas: tuple[float, float], variance: float, rows: tuple[int, int], confidence: float) -> AucDifference:
    """The difference of two areas whose difference has this variance (above 0), by the normal approximation."""
    difference, error = areas[0] - areas[1], math.sqrt(variance)
    half, p_value = _z(confidence) * error, float(2 * special.ndtr(-abs(difference) / error))
    low, high = max(difference - half, -1.0), min(difference + half, 1.0)
    return AucDifference(*areas, difference, low, high, p_value, variance, *rows)


def _placements(bad: npt.NDArray[np.bool_], *scores: npt.NDArray[np.float64]) -> _Placements:
    """Sun and Xu's three rankings per scorer, instead of a comparison of all pairs."""
    m = int(bad.sum())
    n = bad.size - m
    above, below, areas = np.empty((len(scores), m)), np.empty((len(scores), n)), np.empty(len(scores))
    for i, values in enumerate(scores):
        pooled = midranks(values)
        above[i] = (pooled[bad] - midranks(values[bad])) / n
        below[i] = 1 - (pooled[~bad] - midranks(values[~bad])) / m
        areas[i] = (pooled[bad].sum() - m * (m + 1) / 2) / (m * n)
    return _Placements(areas, above, below)


def _covariance(placements: _Placements) -> npt.NDArray[np.float64] | None:
    """DeLong's covariance of the areas, scorers x scorers; None with a single row of a class."""
    m, n = placements.positives.shape[1], placements.negatives.shape[1]
    if min(m, n) < 2:
        return None
    s01, s10 = np.atleast_2d(np.cov(placements.positives)), np.atleast_2d(np.cov(placements.negatives))
    covariance: npt.NDArray[np.float64] = s01 / m + s10 / n
    return covariance


def _checked(
    labels: npt.ArrayLike, *scores: npt.ArrayLike
) -> tuple[npt.NDArray[np.bool_], list[npt.NDArray[np.float64]]]:
    bad = _booleans(labels)
    arrays = [np.asarray(values, dtype=np.float64).ravel() for values in scores]
    for values in arrays:
        if values.size != bad.size:
            raise ValueError(f"labels and scores of the same rows are needed, not {bad.size} and {values.size}")
        if missing := int(np.isnan(values).sum()):
            raise JobError(f"{missing} of {values.size} scores are missing; score these loans again with the champion.")
    return bad, arrays


def _booleans(labels: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    array = np.asarray(labels).ravel()
    truth = array == 1
    if not np.all(truth | (array == 0)):
        raise ValueError("labels must be 0 or 1; leave rows without a label out")
    return np.asarray(truth, dtype=np.bool_)


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _z(confidence: float) -> float:
    return float(special.ndtri(0.5 + confidence / 2))
