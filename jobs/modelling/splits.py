"""Rows that a model learns from or is measured on, and the scores that it gives them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.errors import JobError
from jobs.modelling.pipelines import frame

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


def labels_of(table: pa.Table) -> Labels:
    """1 for each loan that defaulted, 0 for the others; no label may be missing."""
    return np.asarray(table["label"].to_numpy(), np.int64)


def scores_of(pipeline: Any, table: pa.Table, features: Sequence[str]) -> Scores:
    """The probability of default that a fitted pipeline gives each row."""
    scores: Scores = pipeline.predict_proba(frame(table, tuple(features)))[:, 1]
    return scores


def as_floats(column: pa.ChunkedArray) -> Scores:
    """A column as float64, NaN for null."""
    values: Scores = column.cast(pa.float64()).to_numpy()
    return values
