"""The fits of a training on our gold table in a pool of processes, which the time of a whole training is compared with.

`python -m tests.benchmarks.bare_fits GOLD` fits each model on all train rows and without each fold, in as many
processes as there are CPUs, and has the importances of the one that ranks the folds best; pipelines and importances are
the product's own. It prints what it finds, so that nothing is optimised away. Reasons, calibration, comparisons and
records are left out.
"""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet
from sklearn.metrics import roc_auc_score

from jobs.gold.arrears import not_in_arrears
from jobs.modelling.candidates import FOLDS
from jobs.modelling.explanation.importance import REPEATS
from jobs.modelling.explanation.kept import REPEATS_APART, importance_of
from jobs.modelling.frames import frame
from jobs.modelling.pipelines import untrained
from jobs.modelling.splits import labels_of, others_and_fold
from tests.retail import BOOK, CATEGORICAL, CLASSIFIERS, SAFE15

FOLD_NUMBERS = range(1, FOLDS + 1)
SLOWEST_FIRST = ("GradientBoostingClassifier", "RandomForestClassifier", "LogisticRegression")


@cache
def side(gold: str, name: str) -> pa.Table:
    """The train or the test rows."""
    table = parquet.read_table(gold)
    return table.filter(pc.equal(table["split"], name))


def fitted(gold: str, name: str, fold: int | None) -> Any:
    """The pipeline of all train rows, or labels and scores of a fold by the pipeline of the others."""
    train = side(gold, "train")
    learned, rest = (train, None) if fold is None else others_and_fold(train, fold, FOLDS, BOOK.customer_id)
    pipeline = untrained(CLASSIFIERS[name], SAFE15, CATEGORICAL).fit(frame(learned, SAFE15), labels_of(learned))
    return pipeline if rest is None else (labels_of(rest), pipeline.predict_proba(frame(rest, SAFE15))[:, 1])


def main(gold: str) -> None:
    processes = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(processes) as pool:
        calls = {
            (name, fold): pool.submit(fitted, gold, name, fold)
            for name in SLOWEST_FIRST
            for fold in (None, *FOLD_NUMBERS)
        }
        aucs = {}
        for name in SLOWEST_FIRST:
            labels, scores = zip(*(calls[name, fold].result() for fold in FOLD_NUMBERS), strict=True)
            aucs[name] = roc_auc_score(np.concatenate(labels), np.concatenate(scores))
        best = max(SLOWEST_FIRST, key=lambda name: aucs[name])
        pipeline = calls[best, None].result()
    test = side(gold, "test")
    for rows, repeats in ((test, REPEATS), (not_in_arrears(test), REPEATS_APART)):
        print(best, aucs, importance_of(pipeline, rows, SAFE15, repeats))


if __name__ == "__main__":
    main(sys.argv[1])
