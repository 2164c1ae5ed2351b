"""How a cost grows: the exponent of a power of the number of rows, by least squares over logarithms."""

from collections.abc import Sequence

import numpy as np


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float | None:
    """1 where the cost is in proportion to the size, 0 where it stays the same; None with fewer than two sizes."""
    pairs = [(size, cost) for size, cost in zip(sizes, costs, strict=True) if cost > 0]
    if len(pairs) < 2:
        return None
    x, y = np.log(np.array(pairs, float)).T
    return float(np.polyfit(x, y, 1)[0])


def beyond(size: float, largest: float, cost: float, growth: float) -> float:
    """The cost at a size beyond the largest that was measured, if it goes on to grow like that."""
    return cost * (size / largest) ** growth
