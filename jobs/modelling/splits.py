"""Rows that a model learns from or is measured on, and the scores that it gives them."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.declaration import Book
from jobs.errors import JobError
from jobs.gold.labels import folds, splits
from jobs.loan_calendar import known_by
from jobs.modelling.frames import frame

SPLIT_BY = "customer"  # models without `split_by` in their metadata were split by loan
Scores = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def train_and_test(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """(train, test); JobError when one of them lacks rows of either class."""
    found = []
    for side in ("train", "test"):
        rows = table.filter(pc.equal(table["split"], side))
        bad = int(pc.sum(rows["label"]).as_py() or 0)
        if bad in (0, rows.num_rows):
            raise JobError(
                f"Of {rows.num_rows} {side} loans {bad} defaulted, so there is nothing to learn from; "
                "choose a later --as-of or deliver a larger book."
            )
        found.append(rows)
    return found[0], found[1]


def others_and_fold(train: pa.Table, fold: int, number: int, customer_id: str) -> tuple[pa.Table, pa.Table]:
    """(the train rows of the other folds, those of the fold). All loans of a customer are in one fold.

    JobError when the others lack rows of either class, or the fold has none.
    """
    inside = folds(train[customer_id], labels_of(train) == 1, number) == fold
    others, rows = train.filter(pa.array(~inside)), train.filter(pa.array(inside))
    bad = int(pc.sum(others["label"]).as_py() or 0)
    if bad in (0, others.num_rows) or rows.num_rows == 0:
        raise JobError(
            f"Of {others.num_rows} train loans outside of fold {fold} of {number} {bad} defaulted, so the scores can't "
            "be calibrated; choose a later --as-of or deliver a larger book."
        )
    return others, rows


def unseen_by(metadata: Mapping[str, Any], rows: pa.Table, book: Book) -> pa.Array:
    """True for each row that a model was not fitted on: a test row by the model's own split, or one that matured later.

    `metadata` are the model's: `as_of`, and `split_by` (customer; absent for loan, as in earlier releases). `rows` have
    the ids of loan and customer, and the observation date.
    """
    ids = rows[book.customer_id if metadata.get("split_by") == SPLIT_BY else book.loan_id]
    later = ~known_by(rows["observation_date"], date.fromisoformat(metadata["as_of"]))
    return pc.or_(pa.array(later), pc.equal(splits(ids), "test"))


def labels_of(table: pa.Table) -> Labels:
    """1 for each loan that defaulted, 0 for the others; no label may be missing."""
    return np.asarray(table["label"].to_numpy(), np.int64)


def scores_of(pipeline: Any, table: pa.Table, features: Sequence[str]) -> Scores:
    """The probability of default that a fitted pipeline gives each row."""
    scores: Scores = pipeline.predict_proba(frame(table, tuple(features)))[:, 1]
    return scores


def raw_scores_of(pipeline: Any, table: pa.Table, features: Sequence[str]) -> Scores:
    """The scores of a pipeline before calibration; the scores of one of an earlier release, which has none."""
    classifier = pipeline.steps[-1][1]
    if not hasattr(classifier, "raw_scores"):
        return scores_of(pipeline, table, features)
    raw: Scores = classifier.raw_scores(pipeline[:-1].transform(frame(table, tuple(features))))
    return raw


def as_floats(column: pa.ChunkedArray) -> Scores:
    """A column as float64, NaN for null."""
    values: Scores = column.cast(pa.float64()).to_numpy()
    return values
