"""What a model keeps for its explanation, so that it can be explained when the training data is gone."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from jobs.gold.arrears import not_in_arrears
from jobs.job import log
from jobs.modelling.explanation.importance import MOST_LOANS, REPEATS, drawn, permutation_importance
from jobs.modelling.explanation.stability import Reasons, reasons_of_sample, stability
from jobs.modelling.explanation.typical import typical_payer
from jobs.modelling.frames import frame
from jobs.modelling.pipelines import OnTransformed
from jobs.modelling.splits import labels_of

REPEATS_APART = REPEATS // 2  # of the loans not in arrears, because each permutation is scored again


def kept_explanation(
    pipeline: Any, sides: tuple[pa.Table, pa.Table], features: Sequence[str], of_refits: Sequence[Reasons]
) -> dict[str, Any]:
    """The typical good payer, the importance of each feature with its number of loans, and the stability of reasons.

    `sides` are the train and the test rows, `of_refits` the reasons that the models fitted without a fold of the train
    rows give the first test loans. Each importance has `not_in_arrears`, the same of the test loans not in arrears at
    scoring, whose values are permuted among themselves; None where that is not known, where no loan was in arrears, or
    where they are all good or all bad. Reasons and their stability have no such part: they explain single loans, and
    judge no model.
    """
    train, test = sides
    importance = importance_of(pipeline, test, features, REPEATS)
    log.info("most important: %s", ", ".join(f"{one['feature']} {one['importance']:.4f}" for one in importance[:4]))
    others = not_in_arrears(test)
    apart = importance_of(pipeline, others, features, REPEATS_APART) if others.num_rows < test.num_rows else []
    by_name = {one.pop("feature"): one for one in apart}
    typical = typical_payer(train, features)
    own = reasons_of_sample(pipeline, typical, test, features)
    return {
        "typical_payer": typical,
        "importance": [{**one, "not_in_arrears": by_name.get(one["feature"])} for one in importance],
        "importance_loans": min(test.num_rows, MOST_LOANS),
        "importance_loans_not_in_arrears": min(others.num_rows, MOST_LOANS) if apart else None,
        "reason_stability": stability(own, of_refits),
    }


def importance_of(pipeline: Any, loans: pa.Table, features: Sequence[str], repeats: int) -> list[dict[str, Any]]:
    """The importance of each feature on labelled loans, or on those drawn; [] when all loans are good or all bad."""
    labels = labels_of(loans)
    if labels.size in (0, labels.sum()) or not labels.any():
        return []
    rows = drawn(len(labels))
    fitted = OnTransformed(pipeline, frame(loans.take(pa.array(rows)), features))  # so each value is transformed once
    scores = fitted.predict_proba(fitted.transformed)[:, 1]
    return permutation_importance(fitted, fitted.transformed, labels[rows], scores, repeats)
