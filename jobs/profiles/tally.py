"""The distinct values of one column and how many rows hold each, and their summary."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.columns import NUMBERS, Column, Kind
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


class Tally:
    """The values of a column, a group of rows at a time.

    Personal columns, identifiers, codes and texts are counted only: no value of theirs is kept in a summary.
    """

    def __init__(self, column: Column) -> None:
        self._column = column
        self._rows = 0
        self._missing: dict[str, int] = {}
        self._unreadable: dict[str, int] = {}
        self._groups: list[pa.Table] = []
        self._summaries: list[Summary] = []

    def add(self, values: pa.Array, rows: Counts, missing: Mapping[str, int], unreadable: Mapping[str, int]) -> None:
        """Adds rows: the values of distinct texts (null where there is none), the rows of each, and why some are null.

        `missing` and `unreadable` are the rows without a value by reason.
        """
        self._rows += int(rows.sum())
        self._missing = added(self._missing, missing)
        self._unreadable = added(self._unreadable, unreadable)
        group = pa.table({"value": values, "rows": rows})
        self._groups.append(group.filter(pc.and_(pc.is_valid(values), pa.array(rows > 0))))
        if sum(each.num_rows for each in self._groups) > MOST_DISTINCT:
            self._summaries.append(self._summary(mergeable=True))
            self._rows, self._missing, self._unreadable, self._groups = 0, {}, {}, []

    def summary(self, *, mergeable: bool) -> Summary:
        """The summary of all rows; only a `mergeable` one can be merged with those of other parts."""
        if not self._summaries:
            return self._summary(mergeable=mergeable)
        merged = merged_columns([*self._summaries, self._summary(mergeable=True)])
        return merged if mergeable else without_sketch(merged)

    def _summary(self, *, mergeable: bool) -> Summary:
        column, found = self._column, _grouped(self._groups, self._column)
        summary: Summary = {
            "name": column.name,
            "kind": str(column.kind),
            "rows": self._rows,
            "present": self._rows - sum(self._missing.values()) - sum(self._unreadable.values()),
            "missing": self._missing,
            "unreadable": self._unreadable,
            "distinct": found.num_rows,
        }
        if mergeable:
            summary["hashes"] = _smallest_hashes(found["value"])
        if column.personal or not found.num_rows:
            return summary
        if column.kind is Kind.CATEGORY:
            levels = dict(zip(found["value"].to_pylist(), found["rows"].to_pylist(), strict=True))
            summary["levels"] = most_frequent(levels)
        elif column.kind in (*NUMBERS, Kind.DATE):
            values, rows = _numbers(found["value"]), found["rows"].to_numpy()
            order = np.argsort(values)
            points = (values[order], rows[order])
            summary |= distribution(points, column.kind)
            if mergeable:
                summary["points"] = _thinned(points)
        return summary


def _grouped(groups: list[pa.Table], column: Column) -> pa.Table:
    """The distinct values and the rows of each."""
    if not groups:
        return pa.table({"value": pa.array([], column.kind.type), "rows": pa.array([], pa.int64())})
    found = pa.concat_tables(groups).group_by("value").aggregate([("rows", "sum")])
    return found.rename_columns({"rows_sum": "rows"})


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


def _smallest_hashes(values: pa.ChunkedArray) -> list[int]:
    """The smallest of the values' 64-bit hashes, from which the distinct values of several parts are estimated."""
    plain = values.to_numpy() if pa.types.is_string(values.type) else _numbers(values)
    hashes = np.unique(pd.util.hash_array(plain, categorize=False))
    return [int(one) for one in hashes[:HASHES]]
