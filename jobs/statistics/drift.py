"""Drift against the reference that was stored with the model: PSI of scores, CSI of features, KS distance.

The noise level is from Yurdakul, "Statistical Properties of Population Stability Index" (2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from jobs.statistics.reference import Reference, bin_counts
from storage.on_use import np, npt, special

MODERATE = 0.1
SIGNIFICANT = 0.2
MINIMUM_ROWS = 150  # with fewer rows, noise alone puts PSI above 0.2: 2% of the time at 100 rows, 27% at 50
# The 0.99 quantile of the chi-square distribution with 1 to 20 degrees of freedom, to the bit what SciPy makes of it:
# the import of SciPy takes longer than all else that a command does with a noise level.
CHI_SQUARE_99 = (
    *(6.6348966010212145, 9.21034037197618, 11.344866730144373, 13.276704135987622, 15.08627246938899),
    *(16.811893829770927, 18.475306906582357, 20.090235029663233, 21.665994333461924, 23.209251158954356),
    *(24.724970311318277, 26.216967305535853, 27.68824961045705, 29.141237740672796, 30.57791416689249),
    *(31.999926908815176, 33.40866360500461, 34.805305734705065, 36.19086912927004, 37.56623478662507),
)

Band = Literal["stable", "moderate", "significant"]


@dataclass(frozen=True)
class Drift:
    """PSI (or CSI) of `m` current rows against `n` reference rows in `bins` bins, without those that are empty in both.

    `chance_level` is the noise level, `confirmed` means above it. With too few rows, `value`, `chance_level` and `band`
    are None.
    """

    value: float | None
    n: int
    m: int
    bins: int
    chance_level: float | None
    band: Band | None
    confirmed: bool

    @property
    def status(self) -> Literal["measured", "insufficient"]:
        """`measured` when there were enough rows, else `insufficient`."""
        return "insufficient" if self.value is None else "measured"


def filled_bins(reference_counts: npt.ArrayLike, current_counts: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """True for the bins with a row in the reference or now; the others count for nothing.

    Smoothing alone gives a bin that is empty in both two shares that differ: 0.008 of PSI at 2,215 and 150 rows.
    """
    filled: npt.NDArray[np.bool_] = (np.asarray(reference_counts) > 0) | (np.asarray(current_counts) > 0)
    return filled


def psi(reference_counts: npt.ArrayLike, current_counts: npt.ArrayLike) -> float:
    """Sum over the filled bins of (q - p) ln(q / p), shares smoothed as (count + 0.5) / (total + 0.5 bins)."""
    reference, current = np.asarray(reference_counts, dtype=np.float64), np.asarray(current_counts, dtype=np.float64)
    if reference.ndim != 1 or reference.shape != current.shape or reference.size == 0:
        raise ValueError(f"counts of the same bins are needed, not shapes {reference.shape} and {current.shape}")
    filled = filled_bins(reference, current)
    reference, current = reference[filled], current[filled]
    p = (reference + 0.5) / (reference.sum() + 0.5 * reference.size)
    q = (current + 0.5) / (current.sum() + 0.5 * current.size)
    return float(np.sum((q - p) * np.log(q / p)))


def chance_level(n: int, m: int, bins: int, quantile: float = 0.99) -> float:
    """The noise level: the PSI that two samples of one population exceed with probability 1 - quantile.

    (1/n + 1/m) times the chi-square quantile with bins - 1 degrees of freedom (Yurdakul 2018).
    """
    return (1 / n + 1 / m) * _chi_square(bins - 1, quantile) if bins > 1 else 0.0


def _chi_square(freedom: int, quantile: float) -> float:
    if quantile == 0.99 and freedom <= len(CHI_SQUARE_99):
        return CHI_SQUARE_99[freedom - 1]
    return float(special.chdtri(freedom, 1 - quantile))


def band(value: float) -> Band:
    """The band of a PSI: stable below 0.1, moderate from 0.1, significant from 0.2."""
    return "significant" if value >= SIGNIFICANT else "moderate" if value >= MODERATE else "stable"


def measured_drift(
    reference: Reference, values: npt.ArrayLike | Sequence[str | None], minimum_rows: int = MINIMUM_ROWS
) -> Drift:
    """The drift of the current rows against the reference. It has no value with fewer than `minimum_rows`."""
    expected, current = reference.all_counts(), bin_counts(reference, values)
    n, m, bins = int(expected.sum()), int(current.sum()), int(filled_bins(expected, current).sum())
    if m < max(minimum_rows, 1):
        return Drift(None, n, m, bins, None, None, confirmed=False)
    value, level = psi(expected, current), chance_level(n, m, bins)
    return Drift(value, n, m, bins, level, band(value), confirmed=value > level)


def ks_distance(a: npt.ArrayLike, b: npt.ArrayLike) -> float | None:
    """Kolmogorov and Smirnov's largest gap between two empirical distributions, NaN left out; None if one is empty."""
    first, second = (np.sort(np.asarray(x, dtype=np.float64).ravel()) for x in (a, b))
    first, second = first[~np.isnan(first)], second[~np.isnan(second)]
    if first.size == 0 or second.size == 0:
        return None
    points = np.concatenate((first, second))
    below_a = np.searchsorted(first, points, side="right") / first.size
    below_b = np.searchsorted(second, points, side="right") / second.size
    return float(np.abs(below_a - below_b).max())
