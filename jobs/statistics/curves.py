"""The points of ROC and precision-recall curves, one for each distinct score, as in scikit-learn."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def roc_points(labels: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """(false positive rate, true positive rate), from (0, 0) to (1, 1), by falling threshold; empty for one class.

    `labels` (1 is bad) and `scores` (higher is worse) have length n.
    """
    positives, counts = _counts_above(labels, scores)
    n = int(np.asarray(labels).size)
    if positives in (0, n):
        return np.empty(0), np.empty(0)
    true, false = counts
    return np.append(0.0, false / (n - positives)), np.append(0.0, true / positives)


def precision_recall_points(labels: ArrayLike, scores: ArrayLike) -> tuple[Floats, Floats]:
    """(recall, precision) by falling threshold, recall rising to 1; empty without a bad loan."""
    positives, (true, false) = _counts_above(labels, scores)
    if positives == 0:
        return np.empty(0), np.empty(0)
    return true / positives, true / (true + false)


def _counts_above(labels: ArrayLike, scores: ArrayLike) -> tuple[int, tuple[Floats, Floats]]:
    """(bad loans, (bad, good) loans at or above each distinct score, the highest first)."""
    bad, values = np.asarray(labels).ravel() == 1, np.asarray(scores, dtype=np.float64).ravel()
    if bad.size != values.size:
        raise ValueError(f"labels and scores of the same rows are needed, not {bad.size} and {values.size}")
    _, group = np.unique(-values, return_inverse=True)
    size = int(group.max()) + 1 if group.size else 0
    true = np.cumsum(np.bincount(group[bad], minlength=size)).astype(np.float64)
    false = np.cumsum(np.bincount(group[~bad], minlength=size)).astype(np.float64)
    return int(bad.sum()), (true, false)
