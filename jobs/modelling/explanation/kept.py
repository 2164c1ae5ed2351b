"""What a model keeps for its explanation, so that it can be explained when the training data is gone."""

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from jobs.job import log
from jobs.modelling.explanation.importance import MOST_LOANS, permutation_importance
from jobs.modelling.explanation.stability import Reasons, reasons_of_sample, stability
from jobs.modelling.explanation.typical import typical_payer
from jobs.modelling.pipelines import frame
from jobs.modelling.splits import Scores, labels_of


def kept_explanation(
    pipeline: Any,
    sides: tuple[pa.Table, pa.Table],
    features: Sequence[str],
    scores: Scores,
    of_refits: Sequence[Reasons],
) -> dict[str, Any]:
    """The typical good payer, the importance of each feature with its number of loans, and the stability of reasons.

    `sides` are the train and the test rows, `scores` the pipeline's on the test rows, `of_refits` the reasons that the
    models fitted without a fold of the train rows give the first test loans.
    """
    train, test = sides
    importance = permutation_importance(pipeline, frame(test, features), labels_of(test), scores)
    log.info("most important: %s", ", ".join(f"{one['feature']} {one['importance']:.4f}" for one in importance[:4]))
    own = reasons_of_sample(pipeline, train, test, features)
    return {
        "typical_payer": typical_payer(train, features),
        "importance": importance,
        "importance_loans": min(test.num_rows, MOST_LOANS),
        "reason_stability": stability(own, of_refits),
    }
