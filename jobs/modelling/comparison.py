"""Candidates side by side: the numbers of each, and what a larger feature set is worth on the same test loans."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.arrears import IN_ARREARS, knows_arrears, without_arrears
from jobs.modelling.candidates import Candidate
from jobs.modelling.splits import Labels, Scores, labels_of
from jobs.statistics.calibration import brier_score, calibration_error, expected_calibration_error
from jobs.statistics.discrimination import auc_with_interval, classification_scores, paired_auc_difference

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


def verdict_with_arrears(verdict: Mapping[str, Any], numbers: Mapping[str, Any]) -> dict[str, Any]:
    """A verdict with `not_in_arrears`, the new model's numbers on these test loans, and a half-sentence on them."""
    apart, late = numbers.get("not_in_arrears"), numbers.get("in_arrears")
    if not apart or not late or not late["loans"] or apart.get("test_auc") is None:
        return {**verdict, "not_in_arrears": apart}
    told = f"on the {apart['loans']:,} test loans not in arrears at scoring its AUC is {apart['test_auc']:.3f}"
    return {**verdict, "not_in_arrears": apart, "reason": f"{verdict['reason'].removesuffix('.')}; {told}."}


def set_comparisons(
    test: pa.Table, scores: Mapping[str, Scores], ranked: Sequence[Candidate], feature_sets: Sequence[str]
) -> list[dict[str, Any]]:
    """How much better the candidates of each further feature set rank the test loans than those of the first one.

    `scores` are the candidates' on the rows of `test`, by name; `ranked` are the candidates, the one with the best
    out-of-fold AUC first; `feature_sets` the names of the sets in order. Of every two sets the best candidates are
    compared (`best`), then each classifier with itself (`same classifier`): AUC of a minus AUC of b, its 95% interval
    and p-value by DeLong's paired covariance. Empty when one set alone was trained. `not_in_arrears` has the same of
    the loans not in arrears at scoring; None when that is not known.
    """
    labels, kept, found = labels_of(test), without_arrears(test), []
    sets = [own for name in feature_sets if (own := [one for one in ranked if one.feature_set == name])]
    for what, a, b in _pairs(sets):
        paired = paired_auc_difference(labels, scores[a.name], scores[b.name])
        apart = paired_auc_difference(labels[kept], scores[a.name][kept], scores[b.name][kept]) if kept.any() else None
        told = {"not_in_arrears": vars(apart) if apart else None}
        found.append({"compared": what, "a": a.name, "b": b.name, **vars(paired), **told})
    return found


def _pairs(sets: Sequence[Sequence[Candidate]]) -> Iterable[Pair]:
    first, *others = sets
    for other in others:
        yield "best", other[0], first[0]
        for a in other:
            yield from (("same classifier", a, b) for b in first if b.classifier == a.classifier)
