"""Weights of evidence: what a bin says about the odds of good to bad."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from jobs.modelling.scorecard.bins import Bins

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Evidence:
    """The bins of a column with the counts of train rows (label 0 and 1) and the weight of each; `information` is the
    column's information value.
    """

    bins: Bins
    goods: Counts
    bads: Counts
    weights: Floats
    information: float

    def of(self, values: Any) -> Floats:
        """The weight of each value, float64 of length n."""
        return self.weights[self.bins.places(values)]


def evidence(bins: Bins, values: Any, labels: Counts) -> Evidence:
    """The weights of evidence of these rows: ln(share of the goods / share of the bads) of each bin (Good 1950).

    Counts are smoothed by 0.5, so that a bin without goods or without bads has a finite weight; a bin without rows has
    weight 0. The information value is the sum of (share of the goods - share of the bads) x weight (Siddiqi 2006).
    """
    places = bins.places(values)
    rows, bads = (np.bincount(chosen, minlength=bins.count) for chosen in (places, places[labels == 1]))
    goods, there = rows - bads, rows > 0
    good, bad = (_shares(counts, there) for counts in (goods, bads))
    weights = np.log(good / bad, where=there, out=np.zeros(bins.count))
    return Evidence(bins, goods, bads, weights, float((good - bad) @ weights))


def _shares(counts: Counts, there: npt.NDArray[np.bool_]) -> Floats:
    shares: Floats = (counts + 0.5) / (counts.sum() + 0.5 * there.sum())
    return shares
