"""What cleaning the distinct texts of a column gives: values, and why some texts have none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.profiles.hashes import Hashes

EMPTY = "empty"
PLACEHOLDER = "placeholder"
MARKED = "__unreadable"  # the column of a cleaned table that names a row's checked columns that could not be read

Reasons = dict[int, str]  # by the place of the text
Values = tuple[pa.Array, Reasons]
Places = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Distinct:
    """The values of a column's distinct texts (null where there is none), the rows of each, and the rows by reason.

    `hashes` are those of the values, if they are known; that of a null means nothing.
    """

    values: pa.Array
    rows: npt.NDArray[np.int64]
    reasons: dict[str, int]
    hashes: Hashes | None = None

    @property
    def held(self) -> pa.Array:
        """The values that rows have."""
        return self.values.filter(pa.array(self.rows > 0)).drop_null()


class Spread(NamedTuple):
    """A column: its distinct texts, the place of each row among them, their values, and why some texts have none."""

    texts: pa.Array
    places: Places
    values: pa.Array
    reasons: Reasons


class Ordered(NamedTuple):
    """The row that comes at each place, and the hashes of the values of the columns by which they are ordered."""

    rows: npt.NDArray[np.intp]
    hashes: Mapping[str, Hashes]


def may_hold(texts: pa.Array, marks: str) -> bool:
    """Whether one of the characters is among the bytes of the texts, seen much faster than by a look at each text."""
    content = texts.buffers()[2]
    there = b"" if content is None else content.to_pybytes()
    return any(mark.encode() in there for mark in marks)


def nulled(texts: pa.Array, where: pa.Array, reason: str) -> Values:
    """The texts with null where the flag is set, for the reason."""
    places = np.flatnonzero(where.to_numpy(zero_copy_only=False)).tolist()
    return (pc.if_else(where, None, texts) if places else texts), dict.fromkeys(places, reason)


def patched(values: pa.Array, size: int, places: list[int], results: list[Any]) -> Values:
    """The values with results at some places: a value, or the reason (a text) why there is none."""
    mask = np.zeros(size, bool)
    mask[places] = True
    news = pa.array([None if isinstance(value, str) else value for value in results], values.type)
    reasons = {place: value for place, value in zip(places, results, strict=True) if isinstance(value, str)}
    return pc.replace_with_mask(values, pa.array(mask), news), reasons
