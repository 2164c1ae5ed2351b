"""The distinct values of one column and how many rows hold each, and their summary."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import NUMBERS, Column, Kind
from jobs.profiles.hashes import Hashes, distinct, hashes_of_numbers, hashes_of_texts
from jobs.profiles.summary import (
    HASHES,
    POINTS,
    Points,
    Summary,
    added,
    distribution,
    merged_columns,
    most_frequent,
    without_sketch,
)

MOST_DISTINCT = 1_000_000  # values that are held in memory; with more, the numbers become approximate

Counts = npt.NDArray[np.int64]


class _Group(NamedTuple):
    """The distinct values of a group of rows, the rows of each, and the hashes of the values, if they are known."""

    values: pa.Array
    rows: Counts
    hashes: Hashes | None


class Tally:
    """The values of a column, a group of rows at a time.

    Personal columns, identifiers, codes and texts are counted only: no value of theirs is kept in a summary.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._rows = 0
        self._missing: dict[str, int] = {}
        self._unreadable: dict[str, int] = {}
        self._groups: list[_Group] = []
        self._summaries: list[Summary] = []

    def add(
        self,
        values: pa.Array,
        rows: Counts,
        missing: Mapping[str, int],
        unreadable: Mapping[str, int],
        hashes: Hashes | None = None,
    ) -> None:
        """Adds rows: the values of distinct texts (null where there is none), the rows of each, and why some are null.

        `missing` and `unreadable` are the rows without a value by reason, `hashes` those of the values, if a column of
        texts has them already.
        """
        self._rows += int(rows.sum())
        self._missing = added(self._missing, missing)
        self._unreadable = added(self._unreadable, unreadable)
        known = rows > 0
        if values.null_count:
            known &= values.is_valid().to_numpy(zero_copy_only=False)
        if not known.all():
            values, rows = values.filter(pa.array(known)), rows[known]
            hashes = None if hashes is None else hashes[known]
        self._groups.append(_Group(values, rows, hashes))
        if sum(len(group.values) for group in self._groups) > MOST_DISTINCT:
            self._summaries.append(self._summary(mergeable=True))
            self._rows, self._missing, self._unreadable, self._groups = 0, {}, {}, []

    def summary(self, *, mergeable: bool) -> Summary:
        """The summary of all rows; only a `mergeable` one can be merged with those of other parts."""
        if not self._summaries:
            return self._summary(mergeable=mergeable)
        merged = merged_columns([*self._summaries, self._summary(mergeable=True)])
        return merged if mergeable else without_sketch(merged)

    def _summary(self, *, mergeable: bool) -> Summary:
        column = self._column
        values = pa.chunked_array([group.values for group in self._groups], column.kind.type)
        rows = np.concatenate([np.zeros(0, np.int64), *(group.rows for group in self._groups)])
        summary: Summary = {
            "name": column.name,
            "kind": str(column.kind),
            "rows": self._rows,
            "present": self._rows - sum(self._missing.values()) - sum(self._unreadable.values()),
            "missing": self._missing,
            "unreadable": self._unreadable,
        }
        if column.kind not in (*NUMBERS, Kind.DATE):
            hashes = distinct(self._hashes_of_texts()) if mergeable else None
            summary["distinct"] = len(pc.unique(values) if hashes is None else hashes)
            if column.kind is Kind.CATEGORY and not column.personal and len(values):
                summary["levels"] = most_frequent(_by_level(values, rows))
            return summary | ({} if hashes is None else {"hashes": hashes[:HASHES].tolist()})
        points = _sorted(_numbers(values), rows)
        summary["distinct"] = len(points[0])
        if mergeable:
            summary["hashes"] = distinct(hashes_of_numbers(points[0]))[:HASHES].tolist()
        if column.personal or not len(values):
            return summary
        return summary | distribution(points, column.kind) | ({"points": _thinned(points)} if mergeable else {})

    def _hashes_of_texts(self) -> Hashes:
        """The hashes of the values of all groups."""
        found = [
            hashes_of_texts(pa.chunked_array([group.values])) if group.hashes is None else group.hashes
            for group in self._groups
        ]
        return np.concatenate([np.zeros(0, np.uint64), *found])


def _by_level(values: pa.ChunkedArray, rows: Counts) -> dict[str, int]:
    """The rows of each level."""
    levels: dict[str, int] = {}
    for level, count in zip(values.to_pylist(), rows.tolist(), strict=True):
        levels[level] = levels.get(level, 0) + count
    return levels


def _sorted(values: npt.NDArray[Any], rows: Counts) -> Points:
    """The distinct values in their order, and the rows of each."""
    order = np.argsort(values)
    values, rows = values[order], rows[order]
    firsts = np.flatnonzero(np.concatenate([np.ones(min(len(values), 1), bool), values[1:] != values[:-1]]))
    return (values, rows) if len(firsts) == len(values) else (values[firsts], np.add.reduceat(rows, firsts))


def _numbers(values: pa.ChunkedArray) -> npt.NDArray[Any]:
    """Numbers as they are, dates as days since 1970."""
    plain = values.cast(pa.int32()) if pa.types.is_date(values.type) else values
    return np.asarray(plain.to_numpy())


def _thinned(points: Points) -> list[list[float]]:
    """At most so many values with the rows that each stands for: all, or those at equal steps of rank."""
    values, rows = points
    if len(values) > POINTS:
        ends = np.cumsum(rows)
        ranks = (np.arange(POINTS) + 0.5) / POINTS * ends[-1]
        values, rows = values[np.searchsorted(ends, ranks)], np.full(POINTS, ends[-1] / POINTS)
    return [[value, weight] for value, weight in zip(values.tolist(), rows.tolist(), strict=True)]
