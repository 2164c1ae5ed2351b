"""Contributions: how much each feature of a loan raises or lowers its risk against a typical good payer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from storage.on_use import np, npt, pd, special

Floats: TypeAlias = "npt.NDArray[np.float64]"
Places: TypeAlias = "npt.NDArray[np.int64]"

MOST_REASONS = 4
PAIRS = 64  # orders of the features, each with its reverse
SEED = 0  # of the orders, the same for every model and loan
LEAST = 1e-6  # nearer to 0 and 1 a probability counts as this: trees without calibration give exactly 0 and 1
ROUNDING = 1e-9  # in log-odds; a smaller contribution is none


@dataclass(frozen=True)
class Contributions:
    """The contributions of d features to the log-odds of default of n loans, against those of a typical good payer.

    `of_features` is n x d, `loans` (n) and `typical` are the log-odds. The contributions of a loan add up to its
    log-odds minus the typical ones.
    """

    of_features: Floats
    loans: Floats
    typical: float


def contributions(model: Any, loans: pd.DataFrame, typical: Mapping[str, Any], pairs: int = PAIRS) -> Contributions:
    """The contributions of every feature of `loans` (n x d), by a fitted model with `predict_proba`.

    `typical` has the value of a typical good payer for each feature, None for a missing one. A contribution is the
    baseline Shapley value (Shapley 1953, A value for n-person games; Sundararajan and Najmi 2020, The many Shapley
    values for model explanation) of the log-odds: the typical good payer gets the loan's values one after the other,
    and a feature's contribution is the mean of its changes over the orders of the features. The mean is taken over
    `pairs` fixed random orders, each with its reverse (Mitchell, Cooper, Frank, Holmes 2022, Sampling permutations for
    Shapley value estimation). It is exact for a model in which at most two features act together, because in an order
    and its reverse each of two features comes first once. The model is called once, with at most
    n (2 pairs (d - 1) + 2) rows.
    """
    n, d = loans.shape
    orders = orders_of(d, pairs)
    places = np.argsort(orders, axis=1)
    sets = places[:, None, :] < np.arange(d + 1)[None, :, None]  # the first 0 to d features of each order
    distinct, which = np.unique(sets.reshape(-1, d), axis=0, return_inverse=True)
    scored = model.predict_proba(mixed_rows(loans, typical, distinct))[:, 1]
    values = log_odds(scored).reshape(n, len(distinct))[:, which.reshape(len(orders), d + 1)]
    changes = np.take_along_axis(np.diff(values, axis=2), places[None], axis=2)
    return Contributions(changes.mean(axis=1), values[:, 0, -1], float(values[0, 0, 0]))


def orders_of(d: int, pairs: int) -> Places:
    """`pairs` random orders of d features and after them their reverses, 2 pairs x d; the same on every machine."""
    rng = np.random.default_rng(SEED)
    drawn = np.array([rng.permutation(d) for _ in range(pairs)])
    return np.concatenate([drawn, drawn[:, ::-1]])


def mixed_rows(loans: pd.DataFrame, typical: Mapping[str, Any], sets: npt.NDArray[np.bool_]) -> pd.DataFrame:
    """For each loan a row for each set of features (sets x d): the loan's values of those, else the typical ones."""
    columns = {}
    for place, name in enumerate(loans.columns):
        own: Any = loans[name].to_numpy()
        base = np.full(1, np.nan if typical[name] is None else typical[name], own.dtype)
        mixed = np.where(sets[:, place], own[:, None], base).ravel()
        columns[name] = pd.Series(mixed, dtype=loans[name].dtype)
    return pd.DataFrame(columns)


def log_odds(probabilities: Floats) -> Floats:
    """The natural logarithm of p / (1 - p) of each probability, which is at most 13.8 away from 0."""
    odds: Floats = special.logit(np.clip(probabilities, LEAST, 1 - LEAST))
    return odds


def reasons(of_features: Floats, most: int = MOST_REASONS) -> list[list[int]]:
    """For each loan the numbers of the features that raise its risk most, at most `most`, the first reason first.

    `of_features` are contributions, n x d. Of equal contributions the feature that comes first is first.
    """
    ranked = np.argsort(-of_features, axis=1, kind="stable")[:, :most]
    return [[int(i) for i in order if own[i] > ROUNDING] for order, own in zip(ranked, of_features, strict=True)]
