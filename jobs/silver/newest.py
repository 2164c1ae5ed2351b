"""The newest row of each group: the one with the newest date, of several of that day the last one in the source.

Rows that contradict each other are counted: the same key and date with other values, and loans whose facts change.
"""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Column = Callable[[], pa.ChunkedArray]

EARLIEST = -(1 << 22)  # days since 1970, before every date of the calendar
LATEST = np.iinfo(np.int32).max


def days_of(column: pa.ChunkedArray | pa.Array, missing: int) -> Numbers:
    """Days since 1970, `missing` for null."""
    return np.asarray(pc.fill_null(column.cast(pa.int32()), missing).to_numpy(), np.int64)


def newest_rows(groups: Numbers, days: Numbers, size: int) -> Numbers:
    """For each of `size` groups the place of its newest row, -1 for none.

    `groups` has a number from 0 for each row, `days` (from EARLIEST on) its date.
    """
    count = max(len(groups), 1)
    best = np.full(size, -1, np.int64)
    np.maximum.at(best, groups, (days - EARLIEST) * count + np.arange(len(groups)))
    return np.where(best < 0, -1, best % count)


def row_codes(table: pa.Table, names: Sequence[str]) -> Numbers:
    """A number for each row, the same for rows with the same values in these columns; null is a value."""
    codes = np.zeros(table.num_rows, np.int64)
    for place, name in enumerate(names):
        found, size = codes_of(table[name])
        if table[name].null_count:
            found = np.where(found < 0, size, found)
        codes = codes * (size + 1) + found if place else found
    return codes


def contradictions(codes: Numbers, rows: Numbers, columns: Iterable[Column]) -> int:
    """The number of groups of rows, among `rows`, that have other values in some column.

    `codes` are the groups of all rows. `columns` read a column each, and are read when some group has several rows.
    """
    _, groups, sizes = np.unique(codes[rows], return_inverse=True, return_counts=True)
    several = sizes[groups] > 1
    if not several.any():
        return 0
    differ = np.zeros(len(sizes), bool)
    for column in columns:
        differ |= changing(groups[several], len(sizes), column().take(pa.array(rows[several])))
    return int(differ.sum())


def changing(groups: Numbers, size: int, column: pa.ChunkedArray) -> Flags:
    """Which of `size` groups have several values in a column, null aside. `groups` has the number of each row's."""
    values, _ = codes_of(column)
    there = values >= 0
    groups, values = groups[there], values[there]
    one = np.zeros(size, np.int64)
    one[groups] = values
    found: Flags = np.bincount(groups[values != one[groups]], minlength=size) > 0
    return found


def codes_of(column: pa.ChunkedArray) -> tuple[Numbers, int]:
    """(for each row the number of its value, -1 for null; how many values there are)."""
    whole = pa.types.is_signed_integer(column.type) or pa.types.is_date32(column.type)
    found = _codes_of_range(column) if whole else None
    if found is not None:
        return found
    part = encoded(column)
    indices = part.indices.fill_null(-1) if part.indices.null_count else part.indices
    return np.asarray(indices.to_numpy(), np.int64), len(part.dictionary)


def _codes_of_range(column: pa.ChunkedArray) -> tuple[Numbers, int] | None:
    """The codes of whole numbers or dates that lie close together, by their order; None for others.

    They are counted in an array, which takes less time than to hash them.
    """
    known = column.cast(pa.int64() if pa.types.is_signed_integer(column.type) else pa.int32())
    limits = pc.min_max(known)
    lowest, highest = limits["min"].as_py(), limits["max"].as_py()
    if lowest is None or highest - lowest > len(column):
        return None
    values = (pc.fill_null(known, lowest) if known.null_count else known).to_numpy().astype(np.int64) - lowest
    missing = highest - lowest + 1
    if known.null_count:
        values[pc.is_null(known).to_numpy()] = missing
    there = np.bincount(values, minlength=missing + 1)[:missing] > 0
    numbers = np.append(np.cumsum(there) - 1, -1)
    return numbers[values], int(there.sum())


def encoded(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """The column as one dictionary array, in the order of its dictionary, with no more values than rows."""
    whole = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    if whole.num_chunks == 1:
        part = whole.chunk(0)
    elif len(whole):
        part = whole.unify_dictionaries().combine_chunks()
    else:
        part = pa.array([], whole.type.value_type).dictionary_encode()
    if len(part.dictionary) <= len(part):
        return part
    used = pc.unique(part.indices).drop_null().sort()
    return pa.DictionaryArray.from_arrays(pc.index_in(part.indices, value_set=used), part.dictionary.take(used))
