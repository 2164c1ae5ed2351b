"""Two models on the same loans that neither learned from: how each ranks them, how right its scores are, how they lie.

A file that is not the one that was registered is never opened.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import JobError
from jobs.job import Job
from jobs.modelling.champion import check_libraries
from jobs.modelling.comparison import paired_differences
from jobs.modelling.definition import check_definition
from jobs.modelling.splits import Labels, Scores, labels_of, scores_of, unseen_by
from jobs.statistics.calibration import CalibrationBin, calibration_bins
from jobs.statistics.curves import roc_points
from jobs.statistics.discrimination import AucDifference
from storage.lake.names import TRAINING_DATA
from storage.ledger.models import ModelVersion

BINS = 20  # of the scores from 0 to 1
MOST_POINTS = 300  # of a curve


@dataclass(frozen=True)
class Judged:
    """How a model judges the loans: the points of its ROC curve, its calibration, and the shares of loans by score.

    `shares` are those of BINS equal bins from 0 to 1.
    """

    version: str
    false_positive_rate: Sequence[float]
    true_positive_rate: Sequence[float]
    calibration: Sequence[CalibrationBin]
    shares: Sequence[float]


@dataclass(frozen=True)
class Pair:
    """Two models on the same loans: both, and the AUC of `a` minus that of `b` with its interval.

    `not_in_arrears` is the difference on the loans not in arrears at scoring; None where that is not known.
    """

    a: Judged
    b: Judged
    difference: AucDifference
    not_in_arrears: AucDifference | None


def pair(job: Job, a: ModelVersion, b: ModelVersion) -> Pair:
    """Both models on the loans of the training data that neither learned from.

    Raises JobError when one can't be opened here or has another label definition, or when there are too few loans, and
    UntrustedModel for a changed file.
    """
    rows = job.read(TRAINING_DATA)
    for model in (a, b):
        check_definition(model, job.book)
        check_libraries(job, model)
        rows = rows.filter(unseen_by(json.loads(job.models.read(model.files["metadata"])), rows, job.book))
    bad = int(pc.sum(rows["label"]).as_py() or 0)
    if bad in (0, rows.num_rows):
        raise JobError(
            f"Of the {rows.num_rows} loans that neither {a.version} nor {b.version} learned from {bad} defaulted, "
            "which is too few to compare them; run `python -m engine run training` on a later date."
        )
    labels, (one, other) = labels_of(rows), [_scores(job, model, rows) for model in (a, b)]
    difference, apart = paired_differences(rows, one, other)
    return Pair(_judged(a.version, labels, one), _judged(b.version, labels, other), difference, apart)


def _scores(job: Job, model: ModelVersion, rows: pa.Table) -> Scores:
    pipeline: Any = job.models.load(model.files["model"])
    features = tuple(str(name) for name in pipeline.feature_names_in_)
    unknown = sorted(set(features) - set(rows.column_names))
    if unknown:
        raise JobError(f"Model {model.version} needs {unknown[0]}, which the training data does not have.")
    return scores_of(pipeline, rows, features)


def _judged(version: str, labels: Labels, scores: Scores) -> Judged:
    false, true = roc_points(labels, scores)
    at = np.unique(np.linspace(0, len(false) - 1, min(len(false), MOST_POINTS)).astype(int))
    counts, _ = np.histogram(scores, BINS, (0.0, 1.0))
    shares = (counts / max(len(scores), 1)).tolist()
    return Judged(version, false[at].tolist(), true[at].tolist(), calibration_bins(labels, scores), shares)
