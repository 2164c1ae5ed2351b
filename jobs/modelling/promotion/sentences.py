"""How a promotion verdict tells of its comparisons, in parts of one sentence."""

from jobs.modelling.promotion.opponents import LabelChanges, Opponent
from jobs.statistics.discrimination import AucDifference
from jobs.statistics.rounding import signed


def champion_part(opponent: Opponent, *, worse: bool) -> str:
    """The comparison with the champion, or why there is none."""
    found = opponent.difference
    if found is None:
        return opponent.why_not
    against = f"champion {opponent.version} with AUC {found.auc_b:.3f} on the same {found.n:,} test loans"
    if found.low is None or found.high is None or found.p_value is None:
        return f"too few loans defaulted to tell it from {against}"
    if found.variance == 0:
        return f"it ranks exactly like {against}"
    told = "significantly worse than" if worse else "not significantly worse than"
    return f"{told} {against} ({_interval(found)}, p = {found.p_value:.2g})"


def anchor_part(anchor: Opponent, margin: float, *, champion: bool, stops: bool) -> str:
    """The comparison with the anchor, or why there is none.

    `champion` says that the anchor is champion, whose numbers stand in the sentence already; `stops` that a person has
    to decide because of the anchor.
    """
    found = anchor.difference
    if found is None:
        end = "so a person has to promote it" if stops else "so there is no comparison with an anchor"
        return f"{anchor.why_not}, {end}"
    against = f"anchor {anchor.version}" if champion else f"anchor {anchor.version} with AUC {found.auc_b:.3f}"
    if found.low is None or found.high is None:
        return f"too few loans defaulted to show that it is not worse than {against} by more than {margin:g}"
    if found.variance == 0:
        return f"it ranks exactly like {against}"
    certain = "worse" if found.high < -margin else "possibly worse"
    told = f"{certain if stops else 'not worse'} than {against} by more than {margin:g}"
    return told if champion else f"{told} ({_interval(found)}, {found.n:,} test loans)"


def labels_part(labels: LabelChanges) -> str:
    """How many labels change: `113 of 1,050 labels change`."""
    return f"{labels.changed:,} of {labels.loans:,} labels change"


def _interval(found: AucDifference) -> str:
    difference, low, high = (signed(value or 0.0) for value in (found.difference, found.low, found.high))
    return f"difference {difference}, 95% interval {low} to {high}"
