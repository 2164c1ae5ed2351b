"""The typical good payer of a training: the loan that others are explained against."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from jobs.modelling.frames import is_category
from jobs.modelling.splits import as_floats


def typical_payer(train: pa.Table, features: Sequence[str]) -> dict[str, Any]:
    """The value of each feature for a typical good payer, by name, as plain JSON types.

    The median of a number and the most frequent level of a category (of equally frequent ones the first by alphabet)
    over the train loans with label 0. Values are those that the model learns from, after the book's imputation; null
    does not count. None for a feature that is null everywhere.
    """
    good = pc.equal(train["label"], 0)
    return {name: _typical(train[name].filter(good)) for name in features}


def _typical(column: pa.ChunkedArray) -> Any:
    known = column.drop_null()
    if len(known) == 0:
        return None
    if not is_category(known.type):
        values = as_floats(known)
        values = values[~np.isnan(values)]
        return float(np.median(values)) if len(values) else None
    counts = {one["values"]: one["counts"] for one in pc.value_counts(known).to_pylist()}
    return min(counts, key=lambda level: (-counts[level], level))
