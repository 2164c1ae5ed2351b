"""The reference of a score or feature, stored with a model: bins with the counts of its test rows.

Later rows are counted in the same bins. `jobs.statistics.drift` measures the difference.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.errors import JobError
from storage.on_use import np, npt

RARE_SHARE = 0.01
LARGEST = 1e300  # deciles use values up to this one, because arithmetic with larger ones overflows
RARE, UNSEEN, MISSING = "RARE", "UNSEEN", "MISSING"


@dataclass(frozen=True)
class NumericReference:
    """Inner edges (ascending; the outer ends are open), reference rows per bin (one more than edges), and missing.

    A value is in the first bin whose upper edge is not below it.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    missing: int

    def all_counts(self) -> npt.NDArray[np.int64]:
        """Reference rows in every bin, MISSING last."""
        return np.array([*self.counts, self.missing], dtype=np.int64)

    def as_json(self) -> dict[str, Any]:
        """The reference as plain JSON types, with exact floats."""
        return {"kind": "numeric", "edges": [*self.edges], "counts": [*self.counts], "missing": self.missing}


@dataclass(frozen=True)
class CategoryReference:
    """Levels with their reference rows, the levels pooled as RARE with their rows in total, and missing.

    UNSEEN is a bin too; the reference itself has no row in it.
    """

    levels: tuple[str, ...]
    counts: tuple[int, ...]
    rare: tuple[str, ...]
    rare_count: int
    missing: int

    @property
    def unseen(self) -> int:
        """Reference rows in UNSEEN: none, by definition."""
        return 0

    def all_counts(self) -> npt.NDArray[np.int64]:
        """Reference rows in every bin: levels, RARE, UNSEEN, MISSING."""
        return np.array([*self.counts, self.rare_count, self.unseen, self.missing], dtype=np.int64)

    def as_json(self) -> dict[str, Any]:
        """The reference as plain JSON types."""
        return {
            "kind": "category",
            "levels": [*self.levels],
            "counts": [*self.counts],
            "rare": [*self.rare],
            "rare_count": self.rare_count,
            "missing": self.missing,
        }


Reference = NumericReference | CategoryReference


def numeric_reference(values: npt.ArrayLike) -> NumericReference:
    """The bins of a numeric column, NaN for missing: de-duplicated deciles of the finite values.

    When the lowest decile is the minimum (a tenth of the rows or more have it), one more edge is just below it, so that
    later values below the minimum have a bin of their own. Raises JobError without rows.
    """
    array = np.asarray(values, dtype=np.float64).ravel()
    if array.size == 0:
        raise JobError("A drift reference needs at least one row; check that the test split of the model is not empty.")
    finite = array[np.abs(array) <= LARGEST]
    edges = np.unique(np.quantile(finite, np.arange(1, 10) / 10)) if finite.size else np.empty(0)
    if edges.size and edges[0] <= finite.min():
        edges = np.concatenate(([np.nextafter(edges[0], -np.inf)], edges))
    *counts, missing = _numeric_counts(edges, array).tolist()
    return NumericReference(tuple(edges.tolist()), tuple(counts), missing)


def category_reference(values: Sequence[str | None] | npt.NDArray[Any]) -> CategoryReference:
    """The bins of a category column (None or NaN for missing), levels by falling count, then by name.

    Levels under 1% of all reference rows are pooled as RARE. Raises JobError without rows.
    """
    levels, missing = _level_counts(values)
    total = sum(levels.values()) + missing
    if total == 0:
        raise JobError("A drift reference needs at least one row; check that the test split of the model is not empty.")
    kept = sorted((level for level in levels if levels[level] >= RARE_SHARE * total), key=lambda k: (-levels[k], k))
    rare = tuple(sorted(set(levels) - set(kept)))
    return CategoryReference(
        tuple(kept), tuple(levels[k] for k in kept), rare, sum(levels[level] for level in rare), missing
    )


def reference_from_json(document: Mapping[str, Any]) -> Reference:
    """The reference of its JSON form; the inverse of `as_json`. Raises JobError for an invalid document."""
    try:
        counts, missing = tuple(int(c) for c in document["counts"]), int(document["missing"])
        if document["kind"] == "numeric":
            edges = tuple(float(e) for e in document["edges"])
            if len(counts) == len(edges) + 1:
                return NumericReference(edges, counts, missing)
        elif document["kind"] == "category":
            levels, rare = tuple(document["levels"]), tuple(document["rare"])
            if len(counts) == len(levels):
                return CategoryReference(levels, counts, rare, int(document["rare_count"]), missing)
    except (KeyError, TypeError, ValueError) as error:
        raise JobError(f"The model's drift reference can't be read ({error!r}); train the model again.") from error
    raise JobError("The model's drift reference has bins that don't add up; train the model again.")


def bin_counts(reference: Reference, values: npt.ArrayLike | Sequence[str | None]) -> npt.NDArray[np.int64]:
    """Rows of `values` in each bin of the reference, in the order of `bin_labels`."""
    if isinstance(reference, NumericReference):
        return _numeric_counts(np.array(reference.edges), np.asarray(values, dtype=np.float64).ravel())
    levels, missing = _level_counts(values)
    counts = [levels.pop(level, 0) for level in reference.levels]
    rare = sum(levels.pop(level, 0) for level in reference.rare)
    return np.array([*counts, rare, sum(levels.values()), missing], dtype=np.int64)


def bin_labels(reference: Reference) -> list[str]:
    """A distinct name for each bin, in order: `≤ 0.1`, `0.1 to 0.2`, `> 0.2`, and MISSING last."""
    if isinstance(reference, CategoryReference):
        return [*reference.levels, RARE, UNSEEN, MISSING]
    edges = reference.edges
    if not edges:
        return ["all values", MISSING]
    texts = _distinct_texts(edges)
    labels = [f"≤ {texts[0]}", *(f"{a} to {b}" for a, b in itertools.pairwise(texts)), f"> {texts[-1]}"]
    if len(edges) > 1 and math.nextafter(edges[0], math.inf) == edges[1]:
        labels[:2] = [f"< {texts[1]}", f"= {texts[1]}"]
    return [*labels, MISSING]


def _numeric_counts(edges: npt.NDArray[np.float64], array: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    missing = np.isnan(array)
    counts = np.bincount(np.searchsorted(edges, array[~missing], side="left"), minlength=edges.size + 1)
    return np.append(counts, missing.sum()).astype(np.int64)


def _level_counts(values: npt.ArrayLike | Sequence[str | None]) -> tuple[Counter[str], int]:
    """Rows of each level, and missing rows: every value that is not text, such as None, NaN or a library's null."""
    levels, missing = Counter[str](), 0
    for level, count in Counter(np.asarray(values, dtype=object).ravel().tolist()).items():
        if isinstance(level, str):
            levels[str(level)] += count
        else:
            missing += count
    return levels, missing


def _distinct_texts(edges: tuple[float, ...]) -> list[str]:
    """The edges as text, with the fewest digits (at least 2) that make all of them different."""
    for digits in range(2, 17):
        texts = [np.format_float_positional(float(f"{edge:.{digits}g}"), trim="-") for edge in edges]
        if len(set(texts)) == len(texts):
            return texts
    return [repr(edge) for edge in edges]
