"""The rule of the promotion test: whether a new model becomes champion, from its numbers alone.

It becomes champion unless one of these holds.

1. It is significantly worse than the present champion: the whole 95% interval of the paired DeLong difference lies
   below 0. Where the two rank alike (a difference of exactly 0), or the rows can't tell them apart, the new one takes
   over: it knows the newer data.
2. It is not shown to be non-inferior to the anchor by the margin: the lower end of the 95% interval of AUC(new) minus
   AUC(anchor), paired on the same test loans, lies below -margin. The anchor is the champion that a person chose last,
   else the first champion. Rule 1 alone lets a chain of models creep downhill, each a little worse than the one before
   (bio-creep; Feng, Emerson and Simon, Biometrics 2021); a fixed anchor ends the chain.
3. Its AUC is below the threshold, a feature is broken, or the champion has another label definition.

Why the lower end and not the difference itself: with a standard error s of the difference, half of the models pass
whose true loss is margin - z s. At 400 test loans s is about 0.01 for refits of one classifier. The difference itself
(z = 0) would let the true AUC fall by the whole margin of 0.02; the lower end (z = 1.96) by about nothing. Simulated
over 16 retrains with 5% more label noise each, 400 test loans, 100 draws: 0.057 of the true AUC is lost without an
anchor, 0.005 to 0.007 with it. A healthy refit, whose true difference is about 0, passes when its difference is above
1.96 s - 0.02: of 16 such refits 11.6 passed on average, at least 2 in every draw. So a small book waits for some
retrains, not for ever; and a person can always promote. tests/jobs/modelling/test_creep.py measures all of this.

An anchor that can't be compared (refused files, another label definition, other libraries, missing features): when the
champion can be compared, a person has to promote, which sets a new anchor. When the champion can't be compared either,
as after an upgrade of scikit-learn, the rule is left out, because no earlier model can serve.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from jobs.modelling.promotion.opponents import Opponent, Opponents
from jobs.modelling.promotion.sentences import anchor_part, champion_part, labels_part
from jobs.statistics.discrimination import AucDifference
from jobs.statistics.rounding import rounded_apart, two_decimals


@dataclass(frozen=True)
class Limits:
    """Settings of the rule: the least AUC, the margin by which a model may be worse than the anchor, and whether one
    that passes waits for the approval of a second person.
    """

    threshold: float
    margin: float
    approval: bool = False


@dataclass(frozen=True)
class PromotionVerdict:
    """Whether a model is to become champion, and why, with the numbers.

    `waiting` says that it is to become champion once a second person approves it. `champion` is who was champion when
    the run began: the verdict holds against no other. `compared_with` is the model that it was compared with, None if
    none could be; `anchor` is the anchor, without numbers if it could not be compared. `auc` is the new model's;
    differences are new minus old, with their 95% intervals. Of `loans` loans of the training data (train and test),
    `labels_changed` get another label from the new model than from `compared_with`, each at its own cut-off. `auc` is
    of all `rows` test loans; `champion_auc` and `difference` of `compared_rows` of them, those that the champion did
    not learn from either. `approval` says that a second person was required to approve any model.
    `champion_not_in_arrears` and `anchor_not_in_arrears` are the same comparisons (see `AucDifference`) on those of the
    loans that were not in arrears at scoring; they decide nothing, because the gate and the threshold judge all loans.
    """

    promote: bool
    waiting: bool
    reason: str
    champion: str | None
    compared_with: str | None
    threshold: float
    margin: float
    rows: int
    auc: float
    champion_auc: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    anchor: str | None = None
    anchor_auc: float | None = None
    anchor_difference: float | None = None
    anchor_low: float | None = None
    anchor_high: float | None = None
    labels_changed: int | None = None
    loans: int | None = None
    compared_rows: int | None = None
    approval: bool = False
    champion_not_in_arrears: dict[str, Any] | None = None
    anchor_not_in_arrears: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """The verdict as plain JSON types."""
        return asdict(self)


def verdict_on(
    auc: float, rows: int, limits: Limits, champion: str | None, compared: Opponents, faults: Sequence[str] = ()
) -> PromotionVerdict:
    """The verdict on a model with this test AUC on so many test rows.

    `faults` are sentences on features that are broken in the new training data.
    """
    worse, weak = is_worse(compared.champion), auc < limits.threshold
    stops = anchor_stops(compared, limits.margin)
    refused = worse or weak or stops or compared.champion.other_labels or bool(faults)
    minimum = two_decimals(limits.threshold)
    told = [f"its AUC {rounded_apart(auc, limits.threshold)} on {rows:,} test loans is below {minimum}"]
    told = told if weak else []
    told += [f"data fault: {sentence.removesuffix('.')}" for sentence in faults]
    told.append(champion_part(compared.champion, worse=worse))
    anchor, labels = compared.anchor, compared.labels
    if anchor is not None:
        same = anchor.version is not None and anchor.version == compared.champion.version
        told.append(anchor_part(anchor, limits.margin, champion=same, stops=stops))
    if labels is not None:
        told.append(labels_part(labels))
    return PromotionVerdict(
        promote=not (refused or limits.approval),
        waiting=limits.approval and not refused,
        reason=f"{_outcome(limits, refused=refused)}: {'; '.join(told)}.",
        champion=champion,
        compared_with=compared.champion.version,
        threshold=limits.threshold,
        margin=limits.margin,
        rows=rows,
        auc=auc,
        **_champion_numbers(compared.champion.difference),
        **_anchor_numbers(anchor),
        labels_changed=labels.changed if labels else None,
        loans=labels.loans if labels else None,
        approval=limits.approval,
        champion_not_in_arrears=_apart(compared.champion),
        anchor_not_in_arrears=_apart(anchor),
    )


def _outcome(limits: Limits, *, refused: bool) -> str:
    passed = "Waiting for approval" if limits.approval else "Promoted"
    return "Not promoted" if refused else passed


def is_worse(champion: Opponent) -> bool:
    """Whether the new model is significantly worse than the champion (rule 1)."""
    found = champion.difference
    return found is not None and found.high is not None and found.high < 0


def anchor_stops(compared: Opponents, margin: float) -> bool:
    """Whether the new model is not shown to be non-inferior to the anchor (rule 2)."""
    if compared.anchor is None:
        return False
    found = compared.anchor.difference
    if found is None:
        return compared.champion.difference is not None
    return found.low is None or found.low < -margin


def _apart(opponent: Opponent | None) -> dict[str, Any] | None:
    return vars(opponent.not_in_arrears) if opponent and opponent.not_in_arrears else None


def _champion_numbers(found: AucDifference | None) -> dict[str, Any]:
    if found is None:
        return {}
    return {
        "champion_auc": found.auc_b,
        "difference": found.difference,
        "low": found.low,
        "high": found.high,
        "p_value": found.p_value,
        "compared_rows": found.n,
    }


def _anchor_numbers(anchor: Opponent | None) -> dict[str, Any]:
    if anchor is None:
        return {}
    found = anchor.difference
    if found is None:
        return {"anchor": anchor.version}
    return {
        "anchor": anchor.version,
        "anchor_auc": found.auc_b,
        "anchor_difference": found.difference,
        "anchor_low": found.low,
        "anchor_high": found.high,
    }
