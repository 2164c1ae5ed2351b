"""Calibration: what the scores of a group of loans promised, against the bad rate that came true, with its interval."""

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
    """Bins of about as many loans each, by rising score; equal scores stay together, so there may be fewer of them.

    `labels` (1 is bad) and `scores` (probabilities) have length n. No rows give no bins. Raises JobError for missing
    scores.
    """
    bad, values = np.asarray(labels, dtype=np.float64).ravel(), np.asarray(scores, dtype=np.float64).ravel()
    if values.size != bad.size:
        raise ValueError(f"labels and scores of the same rows are needed, not {bad.size} and {values.size}")
    if missing := int(np.isnan(values).sum()):
        raise JobError(f"{missing} of {values.size} scores are missing; score these loans again with the champion.")
    if values.size == 0:
        return []
    edges = np.unique(np.quantile(values, np.arange(1, bins) / bins))
    place = np.unique(np.searchsorted(edges, values, side="left"), return_inverse=True)[1]
    count, wrong = np.bincount(place), np.bincount(place, bad)
    lowest, highest = np.full(count.size, math.inf), np.full(count.size, -math.inf)
    np.minimum.at(lowest, place, values)
    np.maximum.at(highest, place, values)
    low, high = wilson_interval(wrong, count)
    means = np.clip(np.bincount(place, values) / count, lowest, highest)
    columns = (lowest, highest, count, wrong.astype(np.int64), means, wrong / count, low, high)
    return [CalibrationBin(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
