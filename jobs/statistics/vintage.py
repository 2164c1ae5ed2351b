"""Vintage curves: the cumulative bad rate of each cohort by months on book, also of cohorts that are not mature yet.

Bad means what it means in the labels, so that a curve is the bad rate of its cohort at the last month of the labels.
A month before the first one of the labels never makes a loan bad: a loan that was in arrears then and has paid since is
left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class VintagePoint:
    """The share of a cohort's `loans` that were bad by a month on book.

    `observed` is the number of loans that have been on book that long, or were bad by then. `mature` means that these
    are all loans; otherwise the rate is an estimate.
    """

    cohort: str
    months_on_book: int
    loans: int
    observed: int
    bad_rate: float
    mature: bool


def vintage_curves(cohorts: Sequence[str], bad_months: ArrayLike, months_on_book: ArrayLike) -> list[VintagePoint]:
    """The points of every cohort's curve, by cohort and month, up to the age of its oldest loan.

    The arguments have one entry for each loan: its cohort, the month on book in which it became bad (NaN: not so far),
    and its months on book. The rate is 1 - product of (1 - bad / at risk), Kaplan and Meier (1958): a loan counts up to
    its age. The rate never falls, and is the plain share when all loans are old enough.
    """
    names, group = np.unique(np.asarray(cohorts, dtype=str), return_inverse=True)
    bad = np.asarray(bad_months, dtype=np.float64).ravel()
    age = np.asarray(months_on_book, dtype=np.float64).ravel()
    if not bad.size == age.size == group.size:
        raise ValueError(f"one entry for each loan is needed, not {group.size}, {bad.size} and {age.size}")
    if bad.size == 0:
        return []
    # A loan that becomes bad after its newest reported month is not bad yet.
    is_bad = bad <= age
    until = np.where(is_bad, bad, age)
    last = max(int(np.max(age)), 0)
    became_bad = _counts(group[is_bad], until[is_bad], (names.size, last + 1))
    at_risk = _from_month_on(_counts(group, until, (names.size, last + 1)))
    survival = 1 - np.divide(became_bad, at_risk, out=np.zeros_like(became_bad), where=at_risk > 0)
    rates = 1 - np.cumprod(survival, axis=1)
    observed = at_risk + np.cumsum(became_bad, axis=1) - became_bad
    loans = np.bincount(group)
    oldest = np.full(names.size, -1.0)
    np.maximum.at(oldest, group, age)
    return [
        VintagePoint(str(name), month, int(loans[row]), int(observed[row, month]), float(rates[row, month]),
                     bool(observed[row, month] == loans[row]))
        for row, name in enumerate(names)
        for month in range(int(oldest[row]) + 1)
    ]  # fmt: skip


def _counts(rows: NDArray[np.intp], months: Floats, shape: tuple[int, int]) -> Floats:
    """Loans by cohort and month."""
    table = np.zeros(shape)
    np.add.at(table, (rows, np.maximum(months, 0).astype(np.intp)), 1)
    return table


def _from_month_on(counts: Floats) -> Floats:
    """Loans whose month is this one or a later one."""
    later: Floats = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
    return later
