"""The models that a new one is compared with, champion and anchor, on test loans that no model learned from.

The stable hash split makes these loans: a test customer is a test customer in every training; of the test loans, those
that a model of an earlier release learned from are left out. A file that is not the one that
was registered is never opened.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from jobs.job import Job, log
from jobs.modelling.champion import other_libraries
from jobs.modelling.comparison import paired_differences
from jobs.modelling.definition import difference_from
from jobs.modelling.splits import labels_by, scores_of, unseen_by
from jobs.statistics.discrimination import AucDifference
from storage.lake.model_store import UntrustedModel
from storage.ledger.models import ModelVersion


@dataclass(frozen=True)
class Opponent:
    """A model to compare with, and how the new model fared against it (new minus old); or why there is no comparison.

    `version` is None for a champion without a comparison. A model with `other_labels` was trained with another label
    definition: only a person can replace it. `not_in_arrears` is the difference on the loans not in arrears at scoring,
    which decides nothing; None where that is not known.
    """

    version: str | None
    difference: AucDifference | None
    why_not: str = ""
    other_labels: bool = False
    not_in_arrears: AucDifference | None = None


@dataclass(frozen=True)
class LabelChanges:
    """Of `loans` loans, how many the new model labels otherwise than the champion, each at its own cut-off."""

    changed: int
    loans: int


@dataclass(frozen=True)
class Opponents:
    """The champion and the anchor as opponents, and the label changes against the champion; None where there is none.

    Champion and anchor have the same version where the anchor is champion.
    """

    champion: Opponent
    anchor: Opponent | None = None
    labels: LabelChanges | None = None


@dataclass(frozen=True)
class Challenger:
    """A newly fitted pipeline, its features, all rows of the training data and the test rows among them."""

    pipeline: Any
    features: Sequence[str]
    rows: pa.Table
    test: pa.Table


def opponents(job: Job, champion: ModelVersion | None, challenger: Challenger) -> Opponents:
    """The comparisons of the new model with the champion that serves, None if none does, and with the job's anchor."""
    present, labels = _champion(job, champion, challenger), None
    if champion is not None and present.version is not None:
        labels = label_changes(challenger, job.models.load(champion.files["model"]))
    same = job.anchor is not None and job.anchor.version == present.version
    return Opponents(present, present if same else _anchor(job, challenger), labels)


def label_changes(challenger: Challenger, old: Any) -> LabelChanges:
    """The loans of the training data, train and test, that get another label from the new pipeline than from `old`."""
    rows = challenger.rows
    new = labels_by(challenger.pipeline, rows, challenger.features)
    before = labels_by(old, rows, old.feature_names_in_)
    return LabelChanges(int(np.count_nonzero(new != before)), rows.num_rows)


def _champion(job: Job, model: ModelVersion | None, challenger: Challenger) -> Opponent:
    if not job.champions:
        return Opponent(None, None, "there was no champion before")
    if model is None:
        return Opponent(None, None, "no champion has the files that were registered, so there is none to compare with")
    difference = difference_from(model, job.book)
    if difference is not None:
        told = f"champion {model.version} was trained with another label definition, so the two can't be compared"
        advice = f"promote {job.stamp} yourself if it is to replace it"
        return Opponent(None, None, f"{told} ({difference.removesuffix('.')}); {advice}", other_labels=True)
    return _compared(job, "champion", model, challenger)


def _anchor(job: Job, challenger: Challenger) -> Opponent | None:
    """The comparison with the anchor; without a difference when the anchor can't be loaded or means other labels."""
    model = job.anchor
    if model is None:
        return None
    if difference_from(model, job.book) is not None:
        return Opponent(model.version, None, f"anchor {model.version} was trained with another label definition")
    try:
        for facts in model.files.values():
            job.models.read(facts)
    except UntrustedModel as error:
        log.error("%s", error)
        return Opponent(model.version, None, f"anchor {model.version} does not have the files that were registered")
    return replace(_compared(job, "anchor", model, challenger), version=model.version)


def _compared(job: Job, role: str, model: ModelVersion, challenger: Challenger) -> Opponent:
    if reason := other_libraries(model, job.models):
        return Opponent(None, None, reason.partition(";")[0].replace("Model", role, 1))
    old, test = job.models.load(model.files["model"]), challenger.test
    known = tuple(old.feature_names_in_)
    unknown = sorted(set(known) - set(test.column_names))
    if unknown:
        return Opponent(None, None, f"{role} {model.version} needs {unknown[0]}, which this book does not have")
    unseen = test.filter(unseen_by(json.loads(job.models.read(model.files["metadata"])), test, job.book))
    new = scores_of(challenger.pipeline, unseen, challenger.features)
    found, apart = paired_differences(unseen, new, scores_of(old, unseen, known))
    if found.difference is None:
        return Opponent(None, None, f"{role} {model.version} learned from too many of the test loans")
    return Opponent(model.version, found, not_in_arrears=apart)
