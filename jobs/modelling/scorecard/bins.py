"""The bins of a scorecard's columns: few, monotone for numbers, levels for categories, missing values apart.

Bin 0 holds the missing values of a number, and the missing and unseen levels of a category.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.isotonic import IsotonicRegression
from sklearn.tree import DecisionTreeClassifier

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
DIGITS = 4  # significant digits of an edge, so that the bins are those that people read
MISSING, OTHER = "missing", "other"


@dataclass(frozen=True)
class NumberBins:
    """Bins of a number: from edge to edge, the upper one included; the first and the last one are open."""

    edges: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many bins there are, the one for missing values included."""
        return len(self.edges) + 2

    def places(self, values: Any) -> Places:
        """The bin of each value, int64 of length n."""
        values = np.asarray(values, np.float64)
        return np.where(np.isnan(values), 0, 1 + np.searchsorted(self.edges, values))

    def words(self, levels: Sequence[str]) -> list[str]:  # noqa: ARG002 - as for levels
        """The bins as people read them, in order."""
        ends = [f"{edge:.{DIGITS}g}" for edge in self.edges]
        if not ends:
            return [MISSING, "any value"]
        between = [f"above {low} to {high}" for low, high in pairwise(ends)]
        return [MISSING, f"up to {ends[0]}", *between, f"above {ends[-1]}"]


@dataclass(frozen=True)
class LevelBins:
    """Bins of a category: one for each of these codes, the last one for all other levels."""

    codes: tuple[int, ...]

    @property
    def count(self) -> int:
        """How many bins there are, the one for missing and unseen levels included."""
        return len(self.codes) + 2

    def places(self, values: Any) -> Places:
        """The bin of each code, int64 of length n. Codes below 0 are missing or unseen levels."""
        values = np.asarray(values, np.int64)
        found = np.full(len(values), self.count - 1, np.int64)
        for place, code in enumerate(self.codes, 1):
            found[values == code] = place
        return np.where(values < 0, 0, found)

    def words(self, levels: Sequence[str]) -> list[str]:
        """The bins as people read them, in order. `levels` are the category's by their codes."""
        return [MISSING, *(levels[code] for code in self.codes), OTHER]


Bins = NumberBins | LevelBins


def number_bins(values: Floats, labels: Places, most: int, smallest: float) -> NumberBins:
    """At most `most` bins of a number, each with at least the share `smallest` of the rows, over which the rate of
    label 1 only rises or only falls.

    A decision tree proposes the edges. Neighbours that break the order are merged by isotonic regression, in the
    direction that fits better.
    """
    there = ~np.isnan(values)
    if most < 2 or not there.any():
        return NumberBins(())
    least = max(1, math.ceil(smallest * len(values)))
    tree = DecisionTreeClassifier(max_leaf_nodes=most, min_samples_leaf=least, random_state=0)
    found = tree.fit(values[there, None], labels[there]).tree_
    edges = np.unique([float(f"{edge:.{DIGITS}g}") for edge in found.threshold[found.feature >= 0]])
    return NumberBins(_monotone(edges, values[there], labels[there]))


def _monotone(edges: Floats, values: Floats, labels: Places) -> tuple[float, ...]:
    places = np.searchsorted(edges, values)
    rows = np.bincount(places, minlength=len(edges) + 1)
    used = np.flatnonzero(rows)
    edges, rows = edges[used[:-1]], rows[used]  # an edge that was rounded may leave a bin empty
    rates = np.bincount(places, labels, minlength=used[-1] + 1)[used] / rows
    order = np.arange(len(rows))
    fits = [
        IsotonicRegression(increasing=rising).fit_transform(order, rates, sample_weight=rows)
        for rising in (True, False)
    ]
    best = min(fits, key=lambda fit: float(rows @ (fit - rates) ** 2))
    return tuple(float(edge) for edge in edges[np.diff(best) != 0])


def level_bins(codes: Places, smallest: float) -> LevelBins:
    """A bin for each level that has at least the share `smallest` of the rows."""
    known, rows = np.unique(codes[codes >= 0], return_counts=True)
    return LevelBins(tuple(int(code) for code in known[rows >= max(1.0, smallest * len(codes))]))
