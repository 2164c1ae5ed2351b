"""The three models fitted one after another on our gold table, as a bare script: what training is measured against.

`python -m tests.benchmarks.sequential_fits GOLD` prints each model's test AUC, so that nothing is optimised away.
"""

import sys

import pyarrow.compute as pc
from pyarrow import parquet
from sklearn.metrics import roc_auc_score

from jobs.modelling.frames import frame
from jobs.modelling.pipelines import untrained
from tests.retail import CATEGORICAL, CLASSIFIERS, SAFE15


def main(gold: str) -> None:
    table = parquet.read_table(gold)
    sides = [table.filter(pc.equal(table["split"], side)) for side in ("train", "test")]
    (train, train_labels), (test, test_labels) = ((frame(side, SAFE15), side["label"].to_numpy()) for side in sides)
    for name, candidate in CLASSIFIERS.items():
        pipeline = untrained(candidate, SAFE15, CATEGORICAL).fit(train, train_labels)
        print(name, roc_auc_score(test_labels, pipeline.predict_proba(test)[:, 1]))


if __name__ == "__main__":
    main(sys.argv[1])
