"""Risk by score, stored with a model: a logistic curve; models of earlier releases have an isotonic one.

An isotonic curve follows the luck of its rows and so makes the estimated AUC too high (by 0.024 with 200 rows, by 0.011
with 1,000).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from jobs.errors import JobError
from jobs.statistics.logistic import logistic_fit, tempered_logits

Floats = NDArray[np.float64]
STEP, LEAST_STEP = 0.01, 1e-5  # in standard errors, for the derivatives by the parameters; at least this


@dataclass(frozen=True)
class LogisticCurve:
    """Risk by score: 1 / (1 + exp(-(intercept + slope x))), with x of `tempered_logits`.

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

    `labels` (1 is bad) and `scores` (0 to 1) have length n. Maximum likelihood (see `logistic_fit`). Platt's targets,
    which are a little above 0 and below 1, would make the estimated AUC too low by 0.006 with 200 rows. Raises JobError
    without rows.
    """
    bad, x = np.asarray(labels, dtype=np.float64).ravel() == 1, tempered_logits(scores).ravel()
    if x.size == 0 or x.size != bad.size:
        raise JobError(f"A risk curve needs labelled rows, not {bad.size} labels and {x.size} scores.")
    slope, intercept = logistic_fit(x, bad)
    design, p = np.column_stack((np.ones_like(x), x)), expit(intercept + slope * x)
    information = design.T @ (design * (p * (1 - p))[:, None])
    (a, b), (c, d) = np.linalg.pinv(information).tolist()
    return LogisticCurve(intercept, slope, ((a, b), (c, d)), int(x.size))


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
