"""Rows that a model learns from or is measured on, and the scores that it gives them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
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
AT_ONCE = 200_000  # rows that a pipeline scores at once: it copies them several times


def train_and_test(tables: Iterable[pa.Table]) -> tuple[pa.Table, pa.Table]:
    """(train, test) of the rows of `tables`; JobError when one of them lacks rows of either class."""
    sides: dict[str, list[pa.Table]] = {"train": [], "test": []}
    for table in tables:
        for side, parts in sides.items():
            parts.append(table.filter(pc.equal(table["split"], side)))
    found = []
    for side, parts in sides.items():
        rows = pa.concat_tables(parts, promote_options="default")
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
    scores: Scores = _in_blocks(table, features, lambda inputs: pipeline.predict_proba(inputs)[:, 1])
    return scores


def labels_by(pipeline: Any, table: pa.Table, features: Sequence[str]) -> Labels:
    """The label that a fitted pipeline gives each row, at its own cut-off."""
    labels: Labels = _in_blocks(table, features, pipeline.predict)
    return labels


def raw_scores_of(pipeline: Any, table: pa.Table, features: Sequence[str]) -> Scores:
    """The scores of a pipeline before calibration; the scores of one of an earlier release, which has none."""
    classifier = pipeline.steps[-1][1]
    if not hasattr(classifier, "raw_scores"):
        return scores_of(pipeline, table, features)
    raw: Scores = _in_blocks(table, features, lambda inputs: classifier.raw_scores(pipeline[:-1].transform(inputs)))
    return raw


def _in_blocks(table: pa.Table, features: Sequence[str], found: Callable[[Any], Any]) -> Any:
    """What is found for each row from its features, of limited numbers of rows at once; the rows need one at least."""
    blocks = [table.slice(first, AT_ONCE) for first in range(0, max(table.num_rows, 1), AT_ONCE)]
    return np.concatenate([found(frame(block, tuple(features))) for block in blocks])


def as_floats(column: pa.ChunkedArray) -> Scores:
    """A column as float64, NaN for null."""
    values: Scores = column.cast(pa.float64()).to_numpy()
    return values
