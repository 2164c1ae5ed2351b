"""Candidates side by side: the numbers of each, and what a larger feature set is worth on the same test loans."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

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


def set_comparisons(
    test: pa.Table, scores: Mapping[str, Scores], ranked: Sequence[Candidate], feature_sets: Sequence[str]
) -> list[dict[str, Any]]:
    """How much better the candidates of each further feature set rank the test loans than those of the first one.

    `scores` are the candidates' on the rows of `test`, by name; `ranked` are the candidates, the one with the best
    out-of-fold AUC first; `feature_sets` the names of the sets in order. Of every two sets the best candidates are
    compared (`best`), then each classifier with itself (`same classifier`): AUC of a minus AUC of b, its 95% interval
    and p-value by DeLong's paired covariance. Empty when one set alone was trained.
    """
    labels, found = labels_of(test), []
    sets = [own for name in feature_sets if (own := [one for one in ranked if one.feature_set == name])]
    for what, a, b in _pairs(sets):
        paired = paired_auc_difference(labels, scores[a.name], scores[b.name])
        found.append({"compared": what, "a": a.name, "b": b.name, **vars(paired)})
    return found


def _pairs(sets: Sequence[Sequence[Candidate]]) -> Iterable[Pair]:
    first, *others = sets
    for other in others:
        yield "best", other[0], first[0]
        for a in other:
            yield from (("same classifier", a, b) for b in first if b.classifier == a.classifier)
