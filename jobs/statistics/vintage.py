"""Vintage curves: the cumulative bad rate of each cohort by months on book, also where a cohort is not mature yet."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class VintagePoint:
    """The share of a cohort's `loans` that had gone bad by a month on book.

    `observed` of the loans had been on book that long without going bad before, or went bad then or earlier. `mature`
    when that is all of them; else the rate is an estimate from those that were.
    """

    cohort: str
    months_on_book: int
    loans: int
    observed: int
    bad_rate: float
    mature: bool


def vintage_curves(cohorts: Sequence[str], bad_months: ArrayLike, months_on_book: ArrayLike) -> list[VintagePoint]:
    """The points of every cohort's curve, by cohort and month, as far as any of its loans is on book.

    One entry a loan: its cohort, the month on book in which it went bad (NaN: not so far), and how many months it has
    been on book. A loan that is younger than a month says nothing about it: 1 - product of (1 - bad / at risk), Kaplan
    and Meier (1958), which is the plain share once all loans are old enough, and never falls before that.
    """
    names, group = np.unique(np.asarray(cohorts, dtype=str), return_inverse=True)
    bad = np.asarray(bad_months, dtype=np.float64).ravel()
    age = np.asarray(months_on_book, dtype=np.float64).ravel()
    if not bad.size == age.size == group.size:
        raise ValueError(f"one entry a loan is needed, not {group.size}, {bad.size} and {age.size}")
    if bad.size == 0:
        return []
    # What happened after the last month that is known has not happened yet.
    happened = bad <= age
    until = np.where(happened, bad, age)
    last = max(int(np.max(age)), 0)
    went_bad = _counts(group[happened], until[happened], (names.size, last + 1))
    at_risk = _from_then_on(_counts(group, until, (names.size, last + 1)))
    stays = 1 - np.divide(went_bad, at_risk, out=np.zeros_like(went_bad), where=at_risk > 0)
    rates = 1 - np.cumprod(stays, axis=1)
    watched = at_risk + np.cumsum(went_bad, axis=1) - went_bad
    loans = np.bincount(group)
    oldest = np.full(names.size, -1.0)
    np.maximum.at(oldest, group, age)
    return [
        VintagePoint(str(name), month, int(loans[row]), int(watched[row, month]), float(rates[row, month]),
                     bool(watched[row, month] == loans[row]))
        for row, name in enumerate(names)
        for month in range(int(oldest[row]) + 1)
    ]  # fmt: skip


def _counts(rows: NDArray[np.intp], months: Floats, shape: tuple[int, int]) -> Floats:
    """Loans by cohort and month."""
    table = np.zeros(shape)
    np.add.at(table, (rows, np.maximum(months, 0).astype(np.intp)), 1)
    return table


def _from_then_on(counts: Floats) -> Floats:
    """Loans whose month is this one or a later one."""
    later: Floats = np.cumsum(counts[:, ::-1], axis=1)[:, ::-1]
    return later
