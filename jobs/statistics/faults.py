"""Data faults: a feature whose values broke, told apart from one whose population drifted.

A fault is large and more than chance:

- `empty`: no row has a value, though reference rows had one. `constant`: every value is the same, though the reference
  had several. Chance is Fisher's exact test (one-sided): the probability that all rows of the rarer kind fell into the
  reference by luck.
- `missing`: the share of missing values rose by at least 0.2, on at least 5 missing values, and by Fisher's exact test
  (one-sided) so many of them fall into the current rows by luck with a probability below 0.0001. The pooled z test of
  two proportions is wrong up to three times too often at 30 rows.
- `levels`: nearly all rows (90%) have levels that the reference does not have; fewer are drift, as when a level is
  introduced. The expected share is that of the reference rows whose level was seen once (Good, "The Population
  Frequencies of Species", 1953); it must be below 0.1.
- `unit`: multiplied by 100 or 1,000, or divided by it, the values fit the bins of the reference (PSI below 0.5), and
  unscaled they do not by far: PSI of at least 1, as of two normal populations that are a standard deviation apart.

Nothing is said with fewer rows than the caller asks for: as many as drift needs for all loans of a window, 30 for the
newest of them alone. The newest are judged for a value that is missing or in another unit only (`OF_NEWEST`): a single
level or value in one month is drift, as when a level or a rate is introduced.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from jobs.statistics.drift import chance_level, filled_bins, psi
from jobs.statistics.reference import CategoryReference, NumericReference, Reference, bin_counts

Kind = Literal["empty", "missing", "levels", "unit", "constant"]
EVERY: frozenset[Kind] = frozenset(("empty", "missing", "levels", "unit", "constant"))
OF_NEWEST: frozenset[Kind] = frozenset(("empty", "missing", "unit"))

CHANCE = 0.0001  # a model has many features, and each is judged on every monitoring date
MISSING_RISE, LEAST_MISSING = 0.2, 5
LEAST_UNSEEN, MOST_EXPECTED_UNSEEN = 0.9, 0.1
FAR, FITTING = 1.0, 0.5
FACTORS = (100.0, 1000.0)
ROUNDING = 1e-9
# Rows of the newest loans. A lost column is beyond chance there if 27% of the baseline had a value; with 10 rows, 61%.
LEAST_NEWEST = 30


@dataclass(frozen=True)
class Fault:
    """A fault of one feature; `text` is the predicate of its sentence, with the numbers."""

    kind: Kind
    text: str


def feature_fault(
    reference: Reference,
    values: ArrayLike | Sequence[str | None],
    minimum_rows: int = 1,
    kinds: Collection[Kind] = EVERY,
    loans: str = "loans",
) -> Fault | None:
    """The worst fault of the current values of a feature against its reference; None for none, or for too few rows.

    Faults of other `kinds` are not looked for. `loans` names the rows: `loans of 2025-07`.
    """
    before, now = reference.all_counts(), bin_counts(reference, values)
    n, m, missing = int(before.sum()), int(now.sum()), int(now[-1])
    known = n - reference.missing
    if m < max(minimum_rows, 1) or n == 0:
        return None
    if missing == m and all_on_one_side(n, m, known) < CHANCE:
        return Fault("empty", f"has no value in any of {m:,} {loans}; in the baseline {_of(known, n)} had one")
    if missing_rose(reference.missing, n, missing, m):
        return Fault(
            "missing", f"is missing in {_of(missing, m, loans)}; in the baseline in {_of(reference.missing, n)}"
        )
    if m - missing < max(minimum_rows, 1):
        return None
    if isinstance(reference, NumericReference):
        found = _unit_fault(reference, values, loans)
    else:
        found = _levels_fault(reference, now) if "levels" in kinds else None
    return found or (_constant_fault(reference, now, values) if "constant" in kinds else None)


def missing_rose(before: int, n: int, now: int, m: int) -> bool:
    """Whether the missing share of `now` of m rows is above that of `before` of n rows, by far and beyond chance."""
    if now < LEAST_MISSING or now / m - before / n < MISSING_RISE:
        return False
    return at_least(now, m, before + now, n + m) < CHANCE


def at_least(found: int, m: int, some: int, rows: int) -> float:
    """The probability that at least `found` of `some` given rows are among m that are drawn from all `rows`."""
    counts = np.arange(found, min(m, some) + 1)
    logs = _log_choose(some, counts) + _log_choose(rows - some, m - counts) - _log_choose(rows, np.asarray(m))
    return float(np.exp(logs).sum())


def _log_choose(n: int, k: NDArray[np.int64]) -> NDArray[np.float64]:
    """The logarithm of n choose k; minus infinity where k is larger than n."""
    logs: NDArray[np.float64] = gammaln(n + 1) - gammaln(k + 1) - gammaln(np.maximum(n - k, 0) + 1)
    return np.where(k <= n, logs, -np.inf)


def all_on_one_side(n: int, m: int, some: int) -> float:
    """The probability that of n + m rows in any order, `some` given ones are all among the first n."""
    if some > n:
        return 0.0
    return math.exp(gammaln(n + 1) - gammaln(n - some + 1) - gammaln(n + m + 1) + gammaln(n + m - some + 1))


def rescaled(values: NDArray[np.float64], factor: float, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values times factor; a product that differs from an edge by rounding alone (such as 0.07 x 100) is the edge."""
    product = values * factor
    # The lowest edge may be the number just below the next one; it stands for no value.
    known = edges[1:] if edges.size > 1 and np.nextafter(edges[0], np.inf) == edges[1] else edges
    place = np.searchsorted(known, product)
    lower, upper = known[np.maximum(place - 1, 0)], known[np.minimum(place, known.size - 1)]
    nearest = np.where(np.abs(product - lower) < np.abs(product - upper), lower, upper)
    return np.where(np.isclose(product, nearest, rtol=ROUNDING, atol=0.0), nearest, product)


def distinct_values(values: ArrayLike | Sequence[str | None]) -> int:
    """How many different values there are; None and NaN are none."""
    found = set(np.asarray(values, dtype=object).ravel().tolist()) - {None}
    return sum(not (isinstance(value, float) and math.isnan(value)) for value in found)


def _levels_fault(reference: CategoryReference, now: NDArray[np.int64]) -> Fault | None:
    n, unseen, known = sum(reference.counts) + reference.rare_count, int(now[-2]), int(now[:-1].sum())
    once = len(reference.rare) + sum(count == 1 for count in reference.counts)
    if n == 0 or once / n >= MOST_EXPECTED_UNSEEN or unseen < LEAST_UNSEEN * known:
        return None
    if all_on_one_side(known, n, unseen) >= CHANCE:
        return None
    return Fault("levels", f"has levels that the baseline does not have in {_of(unseen, known)}")


def _unit_fault(reference: NumericReference, values: ArrayLike | Sequence[str | None], loans: str) -> Fault | None:
    array = np.asarray(values, dtype=np.float64).ravel()
    present, expected, edges = array[~np.isnan(array)], np.asarray(reference.counts), np.asarray(reference.edges)
    n, m = int(expected.sum()), present.size
    if n == 0 or edges.size == 0:
        return None
    current = bin_counts(reference, present)[:-1]
    level, unscaled = chance_level(n, m, int(filled_bins(expected, current).sum())), psi(expected, current)
    if unscaled < max(FAR, level):
        return None
    drifts = {
        factor: psi(expected, bin_counts(reference, rescaled(present, factor, edges))[:-1])
        for size in FACTORS
        for factor in (size, 1 / size)
    }
    factor = min(drifts, key=lambda each: drifts[each])
    if drifts[factor] >= max(FITTING, level):
        return None
    told = f"1/{factor:,.0f} of" if factor > 1 else f"{1 / factor:,.0f} times"
    fits = f"rescaled, they fit the baseline (PSI {drifts[factor]:.2f} instead of {unscaled:.2f})"
    return Fault("unit", f"is about {told} what it was, in all {m:,} {loans}; {fits}")


def _constant_fault(
    reference: Reference, now: NDArray[np.int64], values: ArrayLike | Sequence[str | None]
) -> Fault | None:
    """A single value where the reference has rows in other bins, too many of them for chance."""
    if (now[:-1] > 0).sum() != 1:
        return None
    if distinct_values(values) != 1:
        return None
    before, m = reference.all_counts()[:-1], int(now[:-1].sum())
    if (before > 0).sum() < 2:
        return None
    others = int(before.sum()) - int(before[int(np.argmax(now[:-1]))])
    if all_on_one_side(int(before.sum()), m, others) >= CHANCE:
        return None
    return Fault("constant", f"has one and the same value in all {m:,} loans; the baseline has several")


def _of(part: int, whole: int, loans: str = "loans") -> str:
    """`27.3% of 1,200 loans`."""
    return f"{part / whole:.1%} of {whole:,} {loans}"
