"""The importance of each feature of a model: how much worse it ranks loans without the information of the feature."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import fmean
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from jobs.modelling.splits import Labels, Scores
from jobs.statistics.discrimination import AucDifference, paired_auc_difference

REPEATS = 10
MOST_LOANS = 20_000  # more cost time and narrow the intervals little
MOST_ROWS = 100_000  # that a thread scores at once, unless one feature has more: a call costs more than a few rows
THREADS = 2  # more than the one CPU of a task, because the other CPUs have no fit left when importances are measured
SEED = 0  # of the permutations, the same for every model
Z95 = float(ndtri(0.975))


def drawn(loans: int) -> npt.NDArray[np.int64]:
    """The rows of the loans on which importances are measured: of all, or of MOST_LOANS, drawn with a fixed seed."""
    if loans <= MOST_LOANS:
        return np.arange(loans)
    return np.sort(np.random.default_rng(SEED).choice(loans, MOST_LOANS, replace=False))


def permutation_importance(
    model: Any, inputs: pd.DataFrame, labels: Labels, scores: Scores, repeats: int = REPEATS
) -> list[dict[str, Any]]:
    """For each feature its importance with a 95% interval: `feature`, `importance`, `low`, `high`; the largest first.

    `inputs` (n x features), `labels` (n, 1 is bad) and `scores` (n, the model's own) are of loans that the model was
    not fitted on. The importance is the mean loss of AUC when the values of the feature are permuted among the loans,
    over `repeats` permutations with fixed seeds (Breiman 2001, Random forests; there with the error rate of a forest's
    out-of-bag rows). A loss below 0 is chance. The variance of the interval is the mean of DeLong's paired variances of
    the losses: that of the loans and of one permutation, so the interval is rather too wide than too narrow.
    `low` and `high` are None when a class has a single loan. Two threads call the model's `predict_proba` at once.
    """
    count, at_once = len(inputs.columns), max(1, MOST_ROWS // (repeats * len(inputs)))
    blocks = [range(first, min(first + at_once, count)) for first in range(0, count, at_once)]
    found = []
    with ThreadPoolExecutor(THREADS) as threads:
        scored = threads.map(partial(_scored, model, inputs, scores, repeats), blocks)
        for places, permuted in zip(blocks, scored, strict=True):
            for place, turns in zip(places, permuted, strict=True):
                losses = [paired_auc_difference(labels, scores, each) for each in turns]
                found.append({"feature": str(inputs.columns[place]), **_importance(losses)})
    return sorted(found, key=lambda one: -one["importance"])


def _scored(model: Any, inputs: pd.DataFrame, scores: Scores, repeats: int, places: range) -> Scores:
    """The scores of the loans for each of these features, in each permutation of its values (places x repeats x n).

    A loan keeps its score where the value that it gets is equal to its own.
    """
    size = repeats * len(inputs)
    changed = [_changed(inputs, place, repeats) for place in places]
    rows = pd.concat(changed)
    found = np.tile(scores, len(places) * repeats)
    if len(rows):
        at = np.concatenate([number * size + each.index.to_numpy() for number, each in enumerate(changed)])
        found[at] = model.predict_proba(rows)[:, 1]
    return found.reshape(len(places), repeats, len(inputs))


def _changed(inputs: pd.DataFrame, place: int, repeats: int) -> pd.DataFrame:
    """The loans in each permutation of the values of a feature, without those whose value stays equal.

    The index is permutation * n + loan.
    """
    orders = [np.random.default_rng((SEED, place, turn)).permutation(len(inputs)) for turn in range(repeats)]
    own = inputs.iloc[:, place].to_numpy()
    values = own[np.concatenate(orders)]
    other = np.flatnonzero(values != np.tile(own, repeats))
    rows = inputs.iloc[other % len(inputs)].set_axis(other)
    rows[inputs.columns[place]] = values[other]
    return rows


def _importance(losses: Sequence[AucDifference]) -> dict[str, float | None]:
    """The mean of the losses, and its interval."""
    importance = fmean(loss.difference or 0.0 for loss in losses)
    variances = [loss.variance for loss in losses if loss.variance is not None]
    half = Z95 * math.sqrt(fmean(variances)) if variances else None
    return {
        "importance": importance,
        "low": None if half is None else importance - half,
        "high": None if half is None else importance + half,
    }
