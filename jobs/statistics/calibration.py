"""Calibration: the mean score of a group of loans against its observed bad rate, with an interval."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri

from jobs.errors import JobError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CalibrationBin:
    """`n` loans with scores from `score_low` to `score_high`: their mean score and bad rate with Wilson's interval."""

    score_low: float
    score_high: float
    n: int
    bad: int
    mean_score: float
    bad_rate: float
    low: float
    high: float


def wilson_interval(bad: ArrayLike, n: ArrayLike, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """(lower, upper) bounds of each share bad / n, two arrays of the shape of the counts; 0 and 1 where n is 0.

    The score interval of Wilson (1927), without continuity correction.
    """
    k, size = np.asarray(bad, dtype=np.float64), np.asarray(n, dtype=np.float64)
    z = float(ndtri(0.5 + confidence / 2))
    whole = np.maximum(size, 1.0)
    share = k / whole
    centre = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * np.sqrt(share * (1 - share) / whole + (z / (2 * whole)) ** 2) / (1 + z * z / whole)
    empty = size == 0
    # At 0 and n the bounds are exactly 0 and 1; rounding must not leave a share outside its own interval.
    low = np.where(empty | (k == 0), 0.0, centre - half)
    high = np.where(empty | (k == size), 1.0, centre + half)
    return low, high


def calibration_bins(labels: ArrayLike, scores: ArrayLike, bins: int = 10) -> list[CalibrationBin]:
    """Bins of about equal numbers of loans, by rising score. Equal scores share a bin, so there may be fewer bins.

    `labels` (1 is bad) and `scores` (probabilities) have length n. Without rows there are no bins. Raises JobError for
    missing scores.
    """
    bad, values = np.asarray(labels, dtype=np.float64).ravel(), np.asarray(scores, dtype=np.float64).ravel()
    if values.size != bad.size:
        raise ValueError(f"labels and scores of the same rows are needed, not {bad.size} and {values.size}")
    if missing := int(np.isnan(values).sum()):
        raise JobError(f"{missing} of {values.size} scores are missing; score these loans again with the champion.")
    if values.size == 0:
        return []
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    group = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)[1]
    count, bad_count = np.bincount(group), np.bincount(group, bad)
    lowest, highest = np.full(count.size, math.inf), np.full(count.size, -math.inf)
    np.minimum.at(lowest, group, values)
    np.maximum.at(highest, group, values)
    low, high = wilson_interval(bad_count, count)
    means = np.clip(np.bincount(group, values) / count, lowest, highest)
    columns = (lowest, highest, count, bad_count.astype(np.int64), means, bad_count / count, low, high)
    return [CalibrationBin(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def expected_calibration_error(labels: ArrayLike, scores: ArrayLike, bins: int = 10) -> float | None:
    """The mean distance of mean score and bad rate over `bins` bins of about equal numbers of loans, by loans.

    Noise adds to it: see `calibration_noise`, and `calibration_error` for an estimate without it. None without loans.
    """
    found = calibration_bins(labels, scores, bins)
    size = sum(one.n for one in found)
    return sum(one.n * abs(one.mean_score - one.bad_rate) for one in found) / size if size else None


def calibration_noise(scores: ArrayLike, bins: int = 10) -> float | None:
    """The noise level: the expected calibration error that a perfectly calibrated model shows on average at n loans.

    sqrt(2 v bins / (pi n)), v the mean of p (1 - p) over the calibrated scores p: the mean absolute value of a normal
    distance of variance v bins / n in each of `bins` bins. For v = 0.155 it is 0.031 at 1,000 loans, 0.022 at 2,000 and
    0.014 at 5,000. None without loans.
    """
    values = np.asarray(scores, dtype=np.float64).ravel()
    if not values.size:
        return None
    return math.sqrt(2 * float(np.mean(values * (1 - values))) * bins / (math.pi * values.size))


def calibration_error(labels: ArrayLike, scores: ArrayLike, bins: int = 10) -> float | None:
    """The root mean square distance of mean score and bad rate over the bins, without what noise alone adds to it.

    `bins` bins of about equal numbers of loans. The mean of the squares less the variance of each bad rate, rate
    (1 - rate) / (loans - 1): the debiased estimate of Kumar, Liang and Ma (2019), after Ferro and Fricker (2012); 0
    where the variances are the larger part. It is no less than the expected calibration error without noise. A
    perfectly calibrated model shows 0 half of the time, and stays below sqrt(0.83 v bins / n) 95% of the time (a
    chi-square of 10 bins), which for v = 0.155 is 0.036 at 1,000 loans, 0.025 at 2,000 and 0.016 at 5,000. None without
    loans.
    """
    found = [one for one in calibration_bins(labels, scores, bins) if one.n > 1]
    size = sum(one.n for one in found)
    if not size:
        return None
    squares = ((one.mean_score - one.bad_rate) ** 2 - one.bad_rate * (1 - one.bad_rate) / (one.n - 1) for one in found)
    weighted = sum(one.n * square for one, square in zip(found, squares, strict=True))
    return math.sqrt(max(weighted / size, 0.0))


def brier_score(labels: ArrayLike, scores: ArrayLike) -> float:
    """The mean squared difference of scores (probabilities) and labels (1 is bad), both of length n (Brier 1950)."""
    bad, values = np.asarray(labels, dtype=np.float64), np.asarray(scores, dtype=np.float64)
    return float(np.mean((values - bad) ** 2))
