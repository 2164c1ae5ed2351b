"""How features moved between two windows of loans, by the bins that are frozen with the model, and what it weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.statistics.drift import chance_level, filled_bins, psi
from jobs.statistics.reference import CategoryReference, Reference, bin_labels, reference_from_json
from storage.on_use import np

WITHIN_NOISE = "within noise"
OFTEN = {"RARE": "a rare level", "UNSEEN": "an unseen level", "MISSING": "missing"}


@dataclass(frozen=True)
class Movement:
    """The movement of a feature: its PSI between two windows (`change`), its direction in words, and its importance.

    `weight` is change times importance, an importance below 0 counts as 0; None where the model keeps no importance.
    `noise_level` is that of the change. A change that is not above it has no direction: `moved` is ''.
    """

    feature: str
    change: float
    moved: str
    importance: float | None
    weight: float | None
    noise_level: float

    @property
    def within_noise(self) -> bool:
        return self.change <= self.noise_level

    @property
    def words(self) -> str:
        """The direction, or that the change is within noise."""
        return WITHIN_NOISE if self.within_noise else self.moved


def movements(
    frozen: Mapping[str, Mapping[str, Any]],
    now: Mapping[str, Sequence[int]],
    before: Mapping[str, Sequence[int]],
    importance: Sequence[Mapping[str, Any]],
) -> list[Movement]:
    """The movement of each feature that has bins in both windows, the largest weight first; without weights by change.

    `frozen` are the features of the model's reference, `now` and `before` the loans in each bin, in the order of
    `bin_labels`. A feature without bins in `before` moved from the reference. One with all loans of both windows in one
    bin is constant, and left out. `importance` is the model's, [] where it keeps none.
    """
    of = {one["feature"]: float(one["importance"]) for one in importance}
    found = []
    for name, counts in now.items():
        if name not in frozen:
            continue
        reference = reference_from_json(frozen[name])
        earlier = before.get(name, reference.all_counts().tolist())
        if len(earlier) != len(counts) or not sum(counts) or not sum(earlier) or _constant(earlier, counts):
            continue
        (change, level), known = change_with_noise(earlier, counts), of.get(name)
        moved = direction(reference, earlier, counts) if change > level else ""
        weight = None if known is None else change * max(known, 0.0)
        found.append(Movement(name, change, moved, known, weight, level))
    return sorted(found, key=lambda one: (-(one.weight or 0.0), -one.change, one.feature))


def change_with_noise(before: Sequence[int], now: Sequence[int]) -> tuple[float, float]:
    """(PSI, its noise level (99%)) of the loans in each bin of two windows, each of one loan or more."""
    bins = int(filled_bins(before, now).sum())
    return psi(before, now), chance_level(sum(before), sum(now), bins)


def direction(reference: Reference, before: Sequence[int], now: Sequence[int]) -> str:
    """Where a feature moved: `higher`, `lower`, `more often Bad`, `less often missing`; '' when it stayed.

    A number moved higher when a value of now is more often above one of before than below it, or else its missing
    values moved more than that; a category moved where the share of a bin changed most.
    """
    labels = bin_labels(reference)
    p, q = (np.asarray(counts, np.float64) / max(sum(counts), 1) for counts in (before, now))
    gaps = q - p
    if isinstance(reference, CategoryReference):
        return _often(labels[int(np.argmax(np.abs(gaps)))], float(gaps[np.argmax(np.abs(gaps))]))
    above = float(q[:-1] @ (np.cumsum(p[:-1]) - p[:-1]) - p[:-1] @ (np.cumsum(q[:-1]) - q[:-1]))
    if abs(above) < abs(gaps[-1]):
        return _often(labels[-1], float(gaps[-1]))
    return "higher" if above > 0 else "lower" if above < 0 else ""


def _constant(before: Sequence[int], now: Sequence[int]) -> bool:
    return int(filled_bins(before, now).sum()) < 2


def _often(label: str, gap: float) -> str:
    return f"{'more' if gap > 0 else 'less'} often {OFTEN.get(label, label)}" if gap else ""
