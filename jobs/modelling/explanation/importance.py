"""The importance of each feature of a model: how much worse it ranks loans without the information of the feature."""

import math
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from jobs.modelling.splits import Labels, Scores
from jobs.statistics.discrimination import paired_auc_difference

REPEATS = 10
MOST_LOANS = 20_000  # more cost time and narrow the intervals little
SEED = 0  # of the permutations, the same for every model
Z95 = float(ndtri(0.975))


def permutation_importance(
    model: Any, inputs: pd.DataFrame, labels: Labels, scores: Scores, repeats: int = REPEATS
) -> list[dict[str, Any]]:
    """For each feature its importance with a 95% interval: `feature`, `importance`, `low`, `high`; the largest first.

    `inputs` (n x features), `labels` (n, 1 is bad) and `scores` (n, the model's own) are of loans that the model was
    not fitted on; of more than MOST_LOANS, so many are drawn with a fixed seed. The importance is the mean loss of AUC
    when the values of the feature are permuted among the loans, over `repeats` permutations with fixed seeds (Breiman
    2001, Random forests; there with the error rate of a forest's out-of-bag rows). A loss below 0 is chance. The
    variance of the interval is the mean of DeLong's paired variances of the losses: that of the loans and of one
    permutation, so the interval is rather too wide than too narrow.
    `low` and `high` are None when a class has a single loan.
    """
    if len(inputs) > MOST_LOANS:
        drawn = np.sort(np.random.default_rng(SEED).choice(len(inputs), MOST_LOANS, replace=False))
        inputs, labels, scores = inputs.iloc[drawn], labels[drawn], scores[drawn]
    found = []
    for place, name in enumerate(inputs.columns):
        orders = [np.random.default_rng((SEED, place, turn)).permutation(len(inputs)) for turn in range(repeats)]
        rows = pd.concat([inputs] * repeats, ignore_index=True)
        rows[name] = inputs[name].to_numpy()[np.concatenate(orders)]
        permuted = model.predict_proba(rows)[:, 1].reshape(repeats, len(inputs))
        losses = [paired_auc_difference(labels, scores, each) for each in permuted]
        importance = fmean(loss.difference or 0.0 for loss in losses)
        variances = [loss.variance for loss in losses if loss.variance is not None]
        half = Z95 * math.sqrt(fmean(variances)) if variances else None
        found.append(
            {
                "feature": str(name),
                "importance": importance,
                "low": None if half is None else importance - half,
                "high": None if half is None else importance + half,
            }
        )
    return sorted(found, key=lambda one: -one["importance"])
