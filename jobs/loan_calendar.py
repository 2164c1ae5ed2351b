"""The calendar of a loan: its prediction date, its observation date, and the dates known at as-of."""

from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jobs.book.retail import BOOK

PREDICTION_MONTHS, OBSERVATION_MONTHS = BOOK.prediction, BOOK.observation
Days = npt.NDArray[np.datetime64]


def months_later(days: Any, months: int) -> pa.Array:
    """The same day of the month `months` later (date32), or that month's last day when it has no such day."""
    column = days.combine_chunks() if isinstance(days, pa.ChunkedArray) else days
    values = column.cast(pa.date32()).to_numpy(zero_copy_only=False).astype("datetime64[D]")
    start = values.astype("datetime64[M]")
    target = start + months
    last = (target + 1).astype("datetime64[D]") - target.astype("datetime64[D]") - 1
    later = target.astype("datetime64[D]") + np.minimum(values - start.astype("datetime64[D]"), last)
    return pa.array(later, pa.date32(), mask=np.isnat(values))


def known_by(dates: Any, as_of: date) -> npt.NDArray[np.bool_]:
    """True where a date is not null and not later than as-of."""
    reached = pc.less_equal(dates, pa.scalar(as_of, pa.date32()))
    mask: npt.NDArray[np.bool_] = pc.fill_null(reached, fill_value=False).to_numpy(zero_copy_only=False)
    return mask


def months_of(days: Any) -> pa.Array:
    """The month (`2024-05`) of each day; null for null."""
    return pc.strftime(days.cast(pa.timestamp("s")), format="%Y-%m")
