"""The estimated AUC of loans without an outcome yet. It may lead to a warning; it never makes a model healthy.

The estimate is confidence-based: a curve that was stored with the model turns scores into probabilities, and these give
the expected AUC. It assumes that a score still means the same risk. When only that relation changes, the estimate stays
the same while the measured AUC falls.

The curve is logistic in the logit of the score. Models of earlier releases have an isotonic one, which follows the
luck of its rows and so makes the estimate too high (by 0.024 with 200 rows, by 0.011 with 1,000).
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, ndtri

from jobs.errors import JobError
from jobs.statistics.platt import tempered_logits

Floats = NDArray[np.float64]
STEP, LEAST_STEP = 0.01, 1e-5  # in standard errors, for the derivatives by the parameters; at least this
MOST_STEPS, CLOSE = 100, 1e-12


@dataclass(frozen=True)
class LogisticCurve:
    """Risk by score: 1 / (1 + exp(-(intercept + slope logit))), with the tempered logit of the score (see `platt`).

    `covariance` (2 x 2) is that of intercept and slope, the inverse of the Fisher information. `rows` is the number of
    labelled rows that it was made from.
    """

    intercept: float
    slope: float
    covariance: tuple[tuple[float, float], tuple[float, float]]
    rows: int

    def __call__(self, scores: ArrayLike, /) -> Floats:
        """The risk at each score, of the same length; NaN stays NaN."""
        risks: Floats = expit(self.intercept + self.slope * tempered_logits(scores))
        return risks

    def as_json(self) -> dict[str, Any]:
        """The curve as plain JSON types, with exact floats."""
        parameters = {"intercept": self.intercept, "slope": self.slope, "rows": self.rows}
        return {**parameters, "covariance": [[*row] for row in self.covariance]}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "LogisticCurve":
        """The inverse of `as_json`. Raises KeyError, TypeError or ValueError for an invalid document."""
        (a, b), (c, d) = document["covariance"]
        numbers = [float(number) for number in (document["intercept"], document["slope"], a, b, c, d)]
        if not np.all(np.isfinite(numbers)):
            raise ValueError("a parameter is not a number")
        intercept, slope, a, b, c, d = numbers
        return cls(intercept, slope, ((a, b), (c, d)), int(document["rows"]))

    def moved(self) -> Iterator[tuple["LogisticCurve", "LogisticCurve", float]]:
        """For each parameter, the curve with a little more of it, with a little less, and the difference."""
        for place, name in enumerate(("intercept", "slope")):
            value, step = getattr(self, name), max(STEP * self.covariance[place][place] ** 0.5, LEAST_STEP)
            yield replace(self, **{name: value + step}), replace(self, **{name: value - step}), 2 * step


def logistic_curve(labels: ArrayLike, scores: ArrayLike) -> LogisticCurve:
    """The logistic curve of risk by score, from labelled rows that the model was not fitted on.

    `labels` (1 is bad) and `scores` (0 to 1) have length n. Maximum likelihood by Newton's method. Where that has no
    end, with labels of one class or labels that the score separates, the curve is a steep one. Platt's targets, which
    are a little above 0 and below 1, would end it, and make the estimated AUC too low by 0.006 with 200 rows. Raises
    JobError without rows.
    """
    bad, x = np.asarray(labels, dtype=np.float64).ravel() == 1, tempered_logits(scores).ravel()
    if x.size == 0 or x.size != bad.size:
        raise JobError(f"A risk curve needs labelled rows, not {bad.size} labels and {x.size} scores.")
    target = bad.astype(np.float64)
    design = np.column_stack((np.ones_like(x), x))
    beta = np.zeros(2)
    for _ in range(MOST_STEPS):
        step = np.linalg.pinv(_information(design, beta)) @ design.T @ (target - expit(design @ beta))
        while _loss(design, target, beta + step) > _loss(design, target, beta) and np.abs(step).max() > CLOSE:
            step = step / 2
        beta = beta + step
        if np.abs(step).max() <= CLOSE * (1 + np.abs(beta).max()):
            break
    covariance = np.linalg.pinv(_information(design, beta)).tolist()
    rows = tuple(tuple(row) for row in covariance)
    return LogisticCurve(float(beta[0]), float(beta[1]), (rows[0], rows[1]), int(x.size))


def _information(design: Floats, beta: Floats) -> Floats:
    """Fisher's information: what the rows tell of the parameters."""
    p = expit(design @ beta)
    information: Floats = design.T @ (design * (p * (1 - p))[:, None])
    return information


def _loss(design: Floats, target: Floats, beta: Floats) -> float:
    """The negative log-likelihood."""
    linear = design @ beta
    return float(np.sum(np.logaddexp(0.0, linear) - target * linear))


@dataclass(frozen=True)
class RiskCurve:
    """Risk by score: linear between the points (`scores`, `risks`), constant outside them. Both never fall.

    `rows` is the number of labelled rows that it was made from. New models have a `LogisticCurve`.
    """

    scores: tuple[float, ...]
    risks: tuple[float, ...]
    rows: int

    def __call__(self, scores: ArrayLike, /) -> Floats:
        """The risk at each score, of the same length; NaN stays NaN."""
        return np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.risks)


Curve = LogisticCurve | RiskCurve


@dataclass(frozen=True)
class EstimatedAuc:
    """The expected AUC of loans without an outcome, with its interval; None where it can't be told."""

    value: float | None
    low: float | None
    high: float | None


def risk_curve_from_json(document: Mapping[str, Any]) -> Curve:
    """The curve of its JSON form. Raises JobError for an invalid document."""
    try:
        if "slope" in document:
            return LogisticCurve.from_json(document)
        curve = RiskCurve(
            tuple(float(score) for score in document["scores"]),
            tuple(float(risk) for risk in document["risks"]),
            int(document["rows"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise JobError(f"The model's risk curve can't be read ({error!r}); train the model again.") from error
    ascending = bool(np.all(np.diff(curve.scores) > 0)) and bool(np.all(np.diff(curve.risks) >= 0))
    if not curve.scores or len(curve.scores) != len(curve.risks) or not ascending:
        raise JobError("The model's risk curve does not rise with the score; train the model again.")
    return curve


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
