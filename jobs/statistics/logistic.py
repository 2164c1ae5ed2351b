"""Logistic curves of the probability of default by the logit of a score: their fit, and Platt's calibration.

Platt (1999), Probabilistic outputs for support vector machines and comparisons to regularized likelihood methods.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from jobs.errors import JobError

Floats = NDArray[np.float64]
LEAST_SLOPE = 0.01  # a slope of 0 or less would lose or turn the ranks
TAIL = float(logit(1 - 1e-4))
FARTHEST = (-750.0, 40.0)  # beyond the logit of every float between 0 and 1
STEPS, HALVINGS, PRECISION = 100, 40, 1e-12


def tempered_logits(scores: ArrayLike) -> Floats:
    """The logit of each score from 0 to 1, finite and strictly rising; of the same length.

    Beyond the logits of 0.0001 and 0.9999 it grows by its logarithm, so that a score of 0 or 1, as decision trees give,
    neither is infinite nor decides the curve alone, and two different scores stay different.
    """
    values = np.clip(logit(np.asarray(scores, dtype=np.float64)), *FARTHEST)
    beyond = np.maximum(np.abs(values) - TAIL, 0.0)
    tempered: Floats = np.where(beyond > 0, np.sign(values) * (TAIL + np.log1p(beyond)), values)
    return tempered


def logistic_fit(x: ArrayLike, targets: ArrayLike, slope: float | None = None) -> tuple[float, float]:
    """(slope, intercept) of the logistic curve of maximum likelihood for `targets` (0 to 1) by `x`.

    Both have length n, at least 1. Newton's method with halved steps, as in Lin, Lin and Weng (2007). The slope is
    fixed when it is given, and 0 where x has one value. Where the likelihood has no maximum (targets of 0 alone, of 1
    alone, or that x separates), the curve is a steep one: the steps end once every row has its target to the last bit,
    or after 100 of them.
    """
    values, wanted = np.asarray(x, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    centre, scale = float(values.mean()), float(values.std()) or 1.0
    z, half = (values - centre) / scale, 0.5 / values.size
    at = np.array([(slope or 0.0) * scale, float(logit(np.clip(wanted.mean(), half, 1 - half)))])
    loss = _loss(at, z, wanted)
    for _ in range(STEPS):
        step = _step(at, z, wanted, fixed=slope is not None)
        for _ in range(HALVINGS):
            after = _loss(at + step, z, wanted)
            if after <= loss:
                break
            step = step / 2
        at, loss = at + step, min(after, loss)
        if float(np.abs(step).max()) < PRECISION:
            break
    found = float(at[0]) / scale
    return found, float(at[1]) - found * centre


def platt_curve(labels: ArrayLike, logits: ArrayLike) -> tuple[float, float]:
    """(slope, intercept) of the logistic curve of maximum likelihood for `labels` (1 is bad) by `logits`.

    Both have length n. The targets are Platt's: (bad + 1) / (bad + 2) and 1 / (good + 2) instead of 1 and 0, so that
    the curve is finite for classes that a score separates. A slope below 0.01 is 0.01, with the intercept of maximum
    likelihood for it: scores that rank no better than chance all become about the bad rate, in the same order. Raises
    JobError without rows of both classes.
    """
    bad, x = np.asarray(labels, dtype=np.float64).ravel(), np.asarray(logits, dtype=np.float64).ravel()
    positives = float(bad.sum())
    if x.size != bad.size or positives in (0.0, bad.size):
        raise JobError(f"{x.size} scores of {bad.size} loans, {positives:.0f} of them bad, can't be calibrated.")
    targets = np.where(bad == 1, (positives + 1) / (positives + 2), 1 / (bad.size - positives + 2))
    slope, intercept = logistic_fit(x, targets)
    return (slope, intercept) if slope >= LEAST_SLOPE else logistic_fit(x, targets, LEAST_SLOPE)


def calibrated(scores: ArrayLike, slope: float, intercept: float) -> Floats:
    """The probability of default of each raw score, of the same length; in the same order for a positive slope."""
    return np.asarray(expit(slope * tempered_logits(scores) + intercept), dtype=np.float64)


def _step(at: Floats, z: Floats, targets: Floats, *, fixed: bool) -> Floats:
    p = expit(at[0] * z + at[1])
    weights, residuals = p * (1 - p), targets - p
    b, c = float(np.sum(weights * z)), float(np.sum(weights))
    right = float(np.sum(residuals))
    a, left = float(np.sum(weights * z * z)), float(np.sum(residuals * z))
    determinant = a * c - b * b
    if c == 0:
        return np.zeros(2)
    if fixed or determinant <= np.finfo(np.float64).eps * a * c:
        return np.array([0.0, right / c])
    return np.array([left * c - b * right, a * right - b * left]) / determinant


def _loss(at: Floats, z: Floats, targets: Floats) -> float:
    """The negative log likelihood."""
    values = at[0] * z + at[1]
    return float(np.sum(np.logaddexp(0.0, values) - targets * values))
