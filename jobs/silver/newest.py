"""The newest row of each group: the one with the newest date, of several of that day the last one in the source."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Numbers = npt.NDArray[np.int64]

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
