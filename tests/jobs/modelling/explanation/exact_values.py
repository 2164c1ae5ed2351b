"""Exact baseline Shapley values, from all 2^d mixtures of a loan and the typical good payer."""

from collections.abc import Mapping
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from jobs.modelling.explanation.contributions import log_odds, mixed_rows

Floats = npt.NDArray[np.float64]


def values_of_sets(model: Any, loan: pd.DataFrame, typical: Mapping[str, Any]) -> Floats:
    """The log-odds of the typical good payer with each set of the loan's values; 2^d, by bit mask."""
    d = loan.shape[1]
    sets = (np.arange(2**d)[:, None] >> np.arange(d) & 1).astype(bool)
    return log_odds(model.predict_proba(mixed_rows(loan, typical, sets))[:, 1])


def shapley_values(values: Floats) -> Floats:
    """Each feature's share of the 2^d values: what each set of features adds that no subset adds, in equal parts (d).

    That is the Shapley value by Harsanyi's dividends, and not by orders as in `contributions`.
    """
    d = len(values).bit_length() - 1
    masks, dividends = np.arange(2**d), values.copy()
    bits = masks[:, None] >> np.arange(d) & 1
    for place in range(d):
        inside = bits[:, place] == 1
        dividends[inside] -= dividends[masks[inside] ^ (1 << place)]
    shares: Floats = bits.T @ (dividends / np.maximum(bits.sum(axis=1), 1))
    return shares


def spread_of_pairs(values: Floats) -> Floats:
    """The standard deviation, over all orders, of a feature's mean change in an order and its reverse (d)."""
    d = len(values).bit_length() - 1
    changes = np.array([_changes(values, order) for order in permutations(range(d))])
    reversed_changes = np.array([_changes(values, order[::-1]) for order in permutations(range(d))])
    spread: Floats = ((changes + reversed_changes) / 2).std(axis=0)
    return spread


def _changes(values: Floats, order: tuple[int, ...]) -> Floats:
    found, mask = np.empty(len(order)), 0
    for feature in order:
        found[feature] = values[mask | 1 << feature] - values[mask]
        mask |= 1 << feature
    return found
