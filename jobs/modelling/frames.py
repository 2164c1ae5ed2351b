"""The input frames of models, the same in training and inference.

Nothing here imports scikit-learn, so that commands that fit and score nothing start without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storage.on_use import np, npt, pa, pd


def is_category(kind: pa.DataType) -> bool:
    """Whether a column of that type is a category and not a number."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind))


def _levels(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """The levels as objects, of which equal ones are one and the same, NaN for null."""
    encoded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    whole = encoded.unify_dictionaries().combine_chunks()
    levels = np.array([np.nan if level is None else level for level in [*whole.dictionary.to_pylist(), None]], object)
    found: npt.NDArray[np.object_] = levels[whole.indices.fill_null(len(levels) - 1).to_numpy()]
    return found


def frame(table: pa.Table, features: Sequence[str]) -> pd.DataFrame:
    """The features of a table as a pandas frame: numbers as float64, categories as objects, NaN for null."""
    columns: dict[str, Any] = {}
    for name in features:
        if is_category(table.schema.field(name).type):
            columns[name] = pd.Series(_levels(table[name]), dtype=object)
        else:
            columns[name] = table[name].cast(pa.float64()).to_numpy()
    return pd.DataFrame(columns)
