"""The sample's clickstream: 20 features for each customer and month, for 72% of the customers.

In the real book the missing customers are those with a loan from July 2024 on. This alone moves the scores of the
newest cohorts (PSI 0.1 to 0.5). Here they are spread evenly over the cohorts, so that there is no drift without
`drift`. The histories are then longer on average, so the signal is a tenth weaker.
"""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from jobs.sample.applicants import COHORTS, Integers
from jobs.sample.tables import numbers
from jobs.sample.text import DAY_TEXTS, csv_bytes, taken

FEATURES = 20
COLUMNS = (*(f"fe_{number}" for number in range(1, FEATURES + 1)), "Customer_ID", "snapshot_date")
MONTHS = 24  # 2023-01 to 2024-12, each with the same customers
ABSENT_RATE = 0.28
SMALLEST, LARGEST = -999, 1199  # more than ten standard deviations from the mean
VALUE_TEXTS = tuple(str(value) for value in range(SMALLEST, LARGEST + 1))

# Mean and standard deviation of fe_1..fe_20, first for customers who pay, then for those who default.
MEANS = np.stack([
    numbers("100 100 100 100 100 104.5 109 113.5 118 122.5" + " 100" * 10),
    numbers("104.5 109 113.5 118 122.5" + " 100" * 15),
])  # fmt: skip
DEVIATIONS = np.stack([
    numbers("100 " * 15 + "101 102 103 104 105"),
    numbers("100 " * 10 + "101 102 103 104 105" + " 100" * 5),
])  # fmt: skip


def appearances(rng: np.random.Generator, customers: int) -> NDArray[np.bool_]:
    """True for the customers who appear in the clickstream."""
    return np.asarray(rng.random(customers) >= ABSENT_RATE)


def visitors(rng: np.random.Generator, appearing: NDArray[np.bool_], cohorts: Integers) -> Integers:
    """Positions in the roll of the customers who appear, in the order of a month's lines.

    The cohorts are in an arbitrary order, as in the real file. Within a cohort, the positions are sorted.
    """
    present = np.flatnonzero(appearing)
    block = rng.permutation(COHORTS)[cohorts[present]]
    return np.asarray(present[np.argsort(block, kind="stable")])


def clickstream_csv(rng: np.random.Generator, month: int, ids: Any, defaulted: NDArray[np.bool_]) -> Any:
    """One month's lines of these customers, as one buffer. All values are independent, normal and rounded."""
    kind = defaulted.astype(np.int8)
    columns = []
    for feature in range(FEATURES):
        drawn = rng.standard_normal(len(kind), dtype=np.float32)
        values = np.rint(MEANS[kind, feature] + DEVIATIONS[kind, feature] * drawn).astype(np.int64)
        columns.append(taken(VALUE_TEXTS, np.clip(values, SMALLEST, LARGEST) - SMALLEST))
    return csv_bytes([*columns, ids, pa.scalar(DAY_TEXTS[month])])
