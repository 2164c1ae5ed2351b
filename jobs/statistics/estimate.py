"""The estimated AUC of loans without an outcome yet. It may lead to a warning; it never makes a model healthy.

The estimate is confidence-based: an isotonic curve that was stored with the model turns scores into probabilities, and
these give the expected AUC. It assumes that a score still means the same risk. When only that relation changes, the
estimate stays the same while the measured AUC falls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from jobs.errors import JobError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RiskCurve:
    """Risk by score: linear between the points (`scores`, `risks`), constant outside them. Both never fall.

    `rows` is the number of labelled rows that it was made from.
    """

    scores: tuple[float, ...]
    risks: tuple[float, ...]
    rows: int

    def as_json(self) -> dict[str, Any]:
        """The curve as plain JSON types, with exact floats."""
        return {"scores": [*self.scores], "risks": [*self.risks], "rows": self.rows}

    def __call__(self, scores: ArrayLike) -> Floats:
        """The risk at each score, of the same length; NaN stays NaN."""
        return np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.risks)


def risk_curve(labels: ArrayLike, scores: ArrayLike) -> RiskCurve:
    """The isotonic curve of risk by score, from labelled rows that the model was not fitted on.

    `labels` (1 is bad) and `scores` have length n; rows of one score are one point, weighted by their number. Least
    squares by pooling adjacent violators (Barlow et al. 1972), the same curve as scikit-learn's IsotonicRegression
    with clipping. Raises JobError without rows.
    """
    bad, values = np.asarray(labels, dtype=np.float64).ravel(), np.asarray(scores, dtype=np.float64).ravel()
    if values.size == 0 or values.size != bad.size:
        raise JobError(f"A risk curve needs labelled rows, not {bad.size} labels and {values.size} scores.")
    points, group, weights = np.unique(values, return_inverse=True, return_counts=True)
    regression = isotonic_regression(np.bincount(group, bad) / weights, weights=weights)
    risks = np.clip(regression.x, 0.0, 1.0)
    # A flat part of the curve is defined by its two ends.
    inner = np.append(False, risks[1:] == risks[:-1]) & np.append(risks[1:] == risks[:-1], False)
    return RiskCurve(tuple(points[~inner].tolist()), tuple(risks[~inner].tolist()), int(values.size))


def risk_curve_from_json(document: Mapping[str, Any]) -> RiskCurve:
    """The curve of its JSON form; the inverse of `as_json`. Raises JobError for an invalid document."""
    try:
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
    values, p = np.asarray(scores, dtype=np.float64).ravel(), np.asarray(risks, dtype=np.float64).ravel()
    if values.size != p.size:
        raise ValueError(f"scores and risks of the same rows are needed, not {values.size} and {p.size}")
    if missing := int(np.isnan(values).sum() + np.isnan(p).sum()):
        raise JobError(f"{missing} scores or risks are missing; score these loans again with the champion.")
    if values.size < 2:
        return None
    _, group = np.unique(values, return_inverse=True)
    bad, good = np.bincount(group, p), np.bincount(group, 1 - p)
    with_itself = float(np.sum(p * (1 - p)))
    pairs = float(bad.sum() * good.sum()) - with_itself
    if pairs <= np.finfo(np.float64).eps * values.size:
        return None
    below = np.cumsum(good) - good
    ranked = float(np.sum(bad * (below + 0.5 * good))) - 0.5 * with_itself
    return min(max(ranked / pairs, 0.0), 1.0)
