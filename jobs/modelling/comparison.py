"""Feature sets side by side: what a larger one is worth, by the paired comparison on the same test loans."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa

from jobs.modelling.candidates import Candidate
from jobs.modelling.splits import Scores, labels_of
from jobs.statistics.discrimination import auc_with_interval, paired_auc_difference

Pair = tuple[str, Candidate, Candidate]


def set_comparisons(
    test: pa.Table, scores: Mapping[str, Scores], trained: Sequence[Candidate], feature_sets: Sequence[str]
) -> list[dict[str, Any]]:
    """How much better the candidates of each further feature set rank the test loans than those of the first one.

    `scores` are the candidates' on the rows of `test`, by name; `feature_sets` the names of the sets in order. Of every
    two sets the best candidates are compared (`best`), then each classifier with itself (`same classifier`): AUC of a
    minus AUC of b, its 95% interval and p-value by DeLong's paired covariance. Empty when one set alone was trained.
    """
    labels, found = labels_of(test), []
    for what, a, b in _pairs(_sets(labels, scores, trained, feature_sets)):
        paired = paired_auc_difference(labels, scores[a.name], scores[b.name])
        found.append({"compared": what, "a": a.name, "b": b.name, **vars(paired)})
    return found


def _sets(
    labels: Any, scores: Mapping[str, Scores], trained: Sequence[Candidate], feature_sets: Sequence[str]
) -> dict[str, list[Candidate]]:
    """The candidates of each feature set, the best first."""
    areas = {one.name: auc_with_interval(labels, scores[one.name]).value for one in trained}
    ranked = sorted(trained, key=lambda one: -(areas[one.name] or 0.0))
    return {name: own for name in feature_sets if (own := [one for one in ranked if one.feature_set == name])}


def _pairs(sets: Mapping[str, Sequence[Candidate]]) -> Iterable[Pair]:
    first, *others = sets.values()
    for other in others:
        yield "best", other[0], first[0]
        for a in other:
            yield from (("same classifier", a, b) for b in first if b.classifier == a.classifier)
