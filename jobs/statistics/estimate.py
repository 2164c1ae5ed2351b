"""The estimated AUC of loans without an outcome yet. It may lead to a warning; it never makes a model healthy.

The estimate is confidence-based: a curve that was stored with the model turns scores into probabilities, and these give
the expected AUC. It assumes that a score still means the same risk. When only that relation changes, the estimate stays
the same while the measured AUC falls.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

from jobs.errors import JobError
from jobs.statistics.risk_curves import Curve, LogisticCurve

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EstimatedAuc:
    """The expected AUC of loans without an outcome, with its interval; None where it can't be told."""

    value: float | None
    low: float | None
    high: float | None


def estimated_auc(scores: ArrayLike, risks: ArrayLike) -> float | None:
    """The expected AUC of rows with these scores (higher is worse) and these risks of being bad.

    Sum over pairs i != j of p_i (1 - p_j) [1(s_i > s_j) + 0.5 1(s_i = s_j)], over the sum of p_i (1 - p_j); by sorting,
    in O(n log n). None when no pair of a bad and a good row is expected.
    """
    values, p = _checked(scores, risks)
    if values.size < 2:
        return None
    below, _, pairs = _placements(values, p)
    if pairs <= np.finfo(np.float64).eps * values.size:
        return None
    return min(max(float(np.sum(p * below)) / pairs, 0.0), 1.0)


def estimate_with_interval(scores: ArrayLike, curve: Curve, confidence: float = 0.95) -> EstimatedAuc:
    """The expected AUC of rows with these scores, with an interval on the logit scale.

    The interval is of the expected AUC, so the luck of the outcomes is not in it. Its variance is the sum of two parts:
    that of the choice of these rows, by the influence of each row on the ratio of two U-statistics (Hoeffding 1948),
    and that of the rows of the curve, by the delta method. For an isotonic curve the second part is the variance of an
    AUC that is measured on as many rows (Hanley and McNeil 1982).
    """
    values = np.asarray(scores, dtype=np.float64).ravel()
    risks = curve(values)
    area = estimated_auc(values, risks)
    if area is None or not 0 < area < 1:
        return EstimatedAuc(area, None, None)
    variance = _variance_of_rows(values, risks, area) + _variance_of_curve(values, risks, area, curve)
    half = float(ndtri(0.5 + confidence / 2)) * math.sqrt(variance) / (area * (1 - area))
    centre = float(logit(area))
    return EstimatedAuc(area, float(expit(centre - half)), float(expit(centre + half)))


def _variance_of_rows(values: Floats, p: Floats, area: float) -> float:
    """The sum of squared influences: each row's part of both U-statistics, as a bad row and as a good one."""
    below, above, pairs = _placements(values, p)
    others_good, others_bad = np.sum(1 - p) - (1 - p), np.sum(p) - p
    influence = (p * (below - area * others_good) + (1 - p) * (above - area * others_bad)) / pairs
    return float(np.sum(influence**2))


def _variance_of_curve(values: Floats, risks: Floats, area: float, curve: Curve) -> float:
    if isinstance(curve, LogisticCurve):
        gradient = np.array([(_area(values, up) - _area(values, down)) / step for up, down, step in curve.moved()])
        return float(gradient @ np.asarray(curve.covariance) @ gradient)
    bad = float(risks.mean()) * curve.rows
    good = curve.rows - bad
    both, one = area / (2 - area), 2 * area**2 / (1 + area)
    spread = max(bad - 1, 0) * (both - area**2) + max(good - 1, 0) * (one - area**2)
    return (area * (1 - area) + spread) / (bad * good)


def _area(values: Floats, curve: LogisticCurve) -> float:
    return estimated_auc(values, curve(values)) or 0.0


def _placements(values: Floats, p: Floats) -> tuple[Floats, Floats, float]:
    """(the expected good rows below each row, the expected bad rows above it, ties by half; the expected pairs)."""
    _, group = np.unique(values, return_inverse=True)
    bad, good = np.bincount(group, p), np.bincount(group, 1 - p)
    # A row is no pair with itself.
    below = (np.cumsum(good) - 0.5 * good)[group] - 0.5 * (1 - p)
    above = (np.cumsum(bad[::-1])[::-1] - 0.5 * bad)[group] - 0.5 * p
    return below, above, float(bad.sum() * good.sum() - np.sum(p * (1 - p)))


def _checked(scores: ArrayLike, risks: ArrayLike) -> tuple[Floats, Floats]:
    values, p = np.asarray(scores, dtype=np.float64).ravel(), np.asarray(risks, dtype=np.float64).ravel()
    if values.size != p.size:
        raise ValueError(f"scores and risks of the same rows are needed, not {values.size} and {p.size}")
    if missing := int(np.isnan(values).sum() + np.isnan(p).sum()):
        raise JobError(f"{missing} scores or risks are missing; score these loans again with the champion.")
    return values, p
