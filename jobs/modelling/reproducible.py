"""Fitted estimators whose pickle depends on nothing but the rows and the parameters.

Records of the trees of scikit-learn have padding between their fields, which holds whatever was in memory before.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.tree._tree import Tree


def clear_padding(estimator: Any) -> None:
    """Sets the padding of every tree in a fitted estimator, however deep it lies, to zero."""
    seen: set[int] = set()
    waiting = [estimator]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tree):
            state = value.__getstate__()
            value.__setstate__({**state, "nodes": without_padding(state["nodes"])})
            continue
        for name, held in list(getattr(value, "__dict__", {}).items()):
            if isinstance(held, np.ndarray) and held.dtype.names and not isinstance(value, type):
                setattr(value, name, without_padding(held))
        waiting += _held(value)


def without_padding(records: Any) -> Any:
    """A copy of an array of records whose padding is zero."""
    cleared = np.zeros(records.shape, records.dtype)  # zeros_like would not clear the padding
    for name in records.dtype.names:
        cleared[name] = records[name]
    return cleared


def _held(value: Any) -> Iterator[Any]:
    """What an object holds that may hold a tree."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list | tuple | set):
        yield from value
    elif isinstance(value, np.ndarray):
        yield from value.ravel().tolist() if value.dtype == object else ()
    elif isinstance(value, BaseEstimator) or type(value).__module__.startswith("sklearn."):
        yield from vars(value).values() if hasattr(value, "__dict__") and not isinstance(value, type) else ()
