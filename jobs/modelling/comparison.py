"""Candidates side by side: the numbers of each, and what a larger feature set is worth on the same test loans."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.arrears import IN_ARREARS, knows_arrears, without_arrears
from jobs.modelling.candidates import Candidate
from jobs.modelling.promotion.sets import BEST, SAME
from jobs.modelling.splits import Labels, Scores, labels_of
from jobs.statistics.calibration import (
    brier_score,
    calibration_error,
    calibration_noise,
    expected_calibration_error,
)
from jobs.statistics.discrimination import (
    AucDifference,
    auc_with_interval,
    classification_scores,
    paired_auc_difference,
)

Pair = tuple[str, Candidate, Candidate]


def numbers_on_test(labels: Labels, raw: Scores, scores: Scores, cut_off: float) -> dict[str, float | None]:
    """How a candidate does on test loans: `raw` and calibrated `scores` of each, 1 predicted from the cut-off on."""
    auc = auc_with_interval(labels, scores)
    chosen = classification_scores(labels, scores >= cut_off)
    return {
        "test_auc": auc.value,
        "auc_low": auc.low,
        "auc_high": auc.high,
        "precision": chosen.precision,
        "recall": chosen.recall,
        "f1": chosen.f1,
        "cut_off": cut_off,
        "raw_calibration_error": calibration_error(labels, raw),
        "calibration_error": calibration_error(labels, scores),
        "raw_expected_calibration_error": expected_calibration_error(labels, raw),
        "expected_calibration_error": expected_calibration_error(labels, scores),
        "calibration_noise": calibration_noise(scores),
        "brier": brier_score(labels, scores),
        "raw_mean_score": float(np.mean(raw)),
        "mean_score": float(np.mean(scores)),
        "bad_rate": float(np.mean(labels)),
    }


def numbers_by_arrears(test: pa.Table, raw: Scores, scores: Scores, cut_off: float) -> dict[str, dict[str, Any] | None]:
    """`not_in_arrears`: loans, defaults and `numbers_on_test` of the test loans not in arrears at scoring.

    `in_arrears`: loans and defaults of those that were. None where the table, of an earlier release, does not say it.
    """
    if not knows_arrears(test):
        return {"not_in_arrears": None, "in_arrears": None}
    labels, kept = labels_of(test), without_arrears(test)
    late = pc.fill_null(test[IN_ARREARS], fill_value=False).to_numpy().astype(bool)
    counts = [{"loans": int(mask.sum()), "defaults": int(labels[mask].sum())} for mask in (kept, late)]
    measured = numbers_on_test(labels[kept], raw[kept], scores[kept], cut_off) if kept.any() else {}
    return {"not_in_arrears": {**counts[0], **measured}, "in_arrears": counts[1]}


def paired_differences(test: pa.Table, a: Scores, b: Scores) -> tuple[AucDifference, AucDifference | None]:
    """(AUC of `a` minus AUC of `b` on the rows of `test`, the same on those not in arrears at scoring).

    The second is None when no row is, or the table, of an earlier release, does not say it.
    """
    labels, kept = labels_of(test), without_arrears(test)
    apart = paired_auc_difference(labels[kept], a[kept], b[kept]) if kept.any() else None
    return paired_auc_difference(labels, a, b), apart


def set_comparisons(
    test: pa.Table, scores: Mapping[str, Scores], ranked: Sequence[Candidate], feature_sets: Sequence[str]
) -> list[dict[str, Any]]:
    """How much better the candidates of each further feature set rank the test loans than those of the first one.

    `scores` are the candidates' on the rows of `test`, by name; `ranked` are the candidates, the one with the best
    out-of-fold AUC first; `feature_sets` the names of the sets in order. Of every two sets the best candidates are
    compared (`best`), then each classifier with itself (`same classifier`): AUC of a minus AUC of b, its 95% interval
    and p-value by DeLong's paired covariance. Empty when one set alone was trained. `left_out` are the features of b
    that a does not have, `added` those of a that b does not have. `not_in_arrears` has the same of the loans not in
    arrears at scoring; None when that is not known.
    """
    found = []
    sets = [own for name in feature_sets if (own := [one for one in ranked if one.feature_set == name])]
    for what, a, b in _pairs(sets):
        paired, apart = paired_differences(test, scores[a.name], scores[b.name])
        told = {"left_out": _without(b, a), "added": _without(a, b), "not_in_arrears": vars(apart) if apart else None}
        found.append({"compared": what, "a": a.name, "b": b.name, **vars(paired), **told})
    return found


def _without(one: Candidate, other: Candidate) -> list[str]:
    return [name for name in one.features if name not in other.features]


def _pairs(sets: Sequence[Sequence[Candidate]]) -> Iterable[Pair]:
    first, *others = sets
    for other in others:
        yield BEST, other[0], first[0]
        for a in other:
            yield from ((SAME, a, b) for b in first if b.classifier == a.classifier)
