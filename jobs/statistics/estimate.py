"""How well scores rank loans whose outcome nobody knows yet: an estimate, which may warn and never clears a model.

Confidence-based: scores become probabilities by an isotonic curve that was frozen with the model, and the AUC is what
they lead to expect. It assumes that a score still means the risk that it meant then; where only that changed, the
estimate stays where it was while the realised AUC falls.
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
    """Risk by score: straight lines between `scores` (ascending) at which it is `risks` (never falling), flat outside.

    `rows` is how many labelled rows it was made of.
    """

    scores: tuple[float, ...]
    risks: tuple[float, ...]
    rows: int

    def as_json(self) -> dict[str, Any]:
        """The curve as plain JSON types; floats survive exactly."""
        return {"scores": [*self.scores], "risks": [*self.risks], "rows": self.rows}

    def __call__(self, scores: ArrayLike) -> Floats:
        """The risk at each score, of the same length; NaN stays NaN."""
        return np.interp(np.asarray(scores, dtype=np.float64), self.scores, self.risks)


def risk_curve(labels: ArrayLike, scores: ArrayLike) -> RiskCurve:
    """The isotonic curve of risk by score, from labelled rows that the model was not fitted on.

    `labels` (1 is bad) and `scores` have length n; rows of one score count as one point with their weight. Least
    squares by pooling adjacent violators (Barlow et al. 1972), the same curve as scikit-learn's IsotonicRegression
    with clipping. Raises JobError for no rows at all.
    """
    bad, values = np.asarray(labels, dtype=np.float64).ravel(), np.asarray(scores, dtype=np.float64).ravel()
    if values.size == 0 or values.size != bad.size:
        raise JobError(f"A risk curve needs labelled rows, not {bad.size} labels and {values.size} scores.")
    points, group, weights = np.unique(values, return_inverse=True, return_counts=True)
    fitted = isotonic_regression(np.bincount(group, bad) / weights, weights=weights)
    risks = np.clip(fitted.x, 0.0, 1.0)
    # Of each flat stretch its ends say everything.
    inner = np.append(False, risks[1:] == risks[:-1]) & np.append(risks[1:] == risks[:-1], False)
    return RiskCurve(tuple(points[~inner].tolist()), tuple(risks[~inner].tolist()), int(values.size))


def risk_curve_from_json(document: Mapping[str, Any]) -> RiskCurve:
    """The curve that `as_json` wrote. Raises JobError for anything else."""
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
        raise JobError("The model's risk curve is not one that rises with the score; train the model again.")
    return curve


def estimated_auc(scores: ArrayLike, risks: ArrayLike) -> float | None:
    """The AUC that rows with these scores (higher is worse) and these risks of being bad lead to expect.

    Sum over pairs i != j of p_i (1 - p_j) [1(s_i > s_j) + 0.5 1(s_i = s_j)], over the sum of p_i (1 - p_j); by sorting,
    in O(n log n). None when no pair of a bad and a good row can be expected.
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
    won = float(np.sum(bad * (below + 0.5 * good))) - 0.5 * with_itself
    return min(max(won / pairs, 0.0), 1.0)
