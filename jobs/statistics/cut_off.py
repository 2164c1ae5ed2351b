"""The cut-off: the probability of default from which on a loan is predicted to default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storage.cut_off import APPROVAL_SHARE, COST_RATIO, declared_cut_off
from storage.on_use import np, npt

UNCALIBRATED = 0.5  # of a classifier by itself


def cut_off(text: str, labels: npt.ArrayLike, scores: npt.ArrayLike) -> dict[str, Any]:
    """The cut-off that the setting `text` declares, with what it was taken from, as plain JSON types.

    `labels` (1 is bad) and `scores` (calibrated probabilities) are of train loans that the scoring model was not fitted
    on. `kind` is `probability`, `approval share` or `cost ratio`, `given` the text ('' for the default), `value` its
    number, `probability` the cut-off and `approved` the share of the train loans below it. By default the approval
    share is the share of good loans. With a cost ratio r, the cost of a default over that of a good loan refused, the
    cut-off is 1 / (1 + r) (Elkan 2001).
    """
    declared = declared_cut_off(text)
    value = float(1 - np.mean(np.asarray(labels))) if declared.value is None else declared.value
    probability = value
    if declared.kind == APPROVAL_SHARE:
        probability = score_of_share(scores, value)
    elif declared.kind == COST_RATIO:
        probability = 1 / (1 + value)
    reached = float(np.mean(np.asarray(scores, dtype=np.float64) < probability))
    return {"kind": declared.kind, "given": text, "value": value, "probability": probability, "approved": reached}


def score_of_share(scores: npt.ArrayLike, share: float) -> float:
    """The score below which a share of the scores lies that is as near to `share` as ties allow; 1 for all of them."""
    distinct, counts = np.unique(np.asarray(scores, dtype=np.float64).ravel(), return_counts=True)
    below = np.append(0, np.cumsum(counts)) / counts.sum()  # of each distinct score, and of all
    nearest = int(np.argmin(np.abs(below - share)))
    return float(distinct[nearest]) if nearest < distinct.size else 1.0


def cut_off_words(kept: Mapping[str, Any] | None) -> str:
    """Which loans a model predicts to default, in words; of a model that kept no cut-off, what its classifier does."""
    if not kept:
        return f"a score of {UNCALIBRATED:g} or more, not calibrated"
    told = f"a probability of default of {kept['probability']:.3f} or more"
    if kept["kind"] == APPROVAL_SHARE:
        told += f", which approves {kept.get('approved', kept['value']):.1%} of the train loans"
        return told if kept["given"] else f"{told}; {kept['value']:.1%} were good"
    if kept["kind"] == COST_RATIO:
        return f"{told}, as a default costs as much as {kept['value']:g} good loans refused"
    return told
