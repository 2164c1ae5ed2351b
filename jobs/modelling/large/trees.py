"""A forest that is fitted in shares of its trees; other processes may fit shares at the same time.

Each tree has the seed that it has when all trees are fitted at once, so the forest does not depend on who fits a share.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from jobs.book.features import Candidate

SHARES = 4
DEFAULT_TREES = 100
LARGEST_SEED = np.iinfo(np.int32).max

Share = tuple[int, int]  # the numbers of the first tree and of the one after the last


def shares_of(forest: Candidate) -> list[Share]:
    """The shares of a forest in order.

    There is one where shares would not make the same forest: without a seed, with one that is no number, and with an
    out-of-bag score, which is that of all trees; and for a number of trees that scikit-learn refuses.
    """
    trees, seed = forest.parameters.get("n_estimators", DEFAULT_TREES), forest.parameters.get("random_state")
    if type(trees) is not int or trees < 1 or type(seed) is not int or forest.parameters.get("oob_score"):
        return [(0, trees)]
    bounds = [trees * number // SHARES for number in range(SHARES + 1)]
    return [(first, last) for first, last in pairwise(bounds) if first < last]


def forest_of_share(forest: Candidate, share: Share) -> Candidate:
    """The forest that has the trees of a share alone."""
    if len(shares_of(forest)) == 1:
        return forest
    first, last = share
    seed = np.random.RandomState(forest.parameters["random_state"])  # scikit-learn draws each tree's seed from it
    seed.randint(LARGEST_SEED, size=first)
    return replace(forest, parameters={**forest.parameters, "n_estimators": last - first, "random_state": seed})


def with_trees(pipeline: Any, shares: Sequence[Any]) -> Any:
    """The pipeline with all trees, those of the shares in order. The shares are not to be used afterwards.

    `pipeline` is that of the forest, in which the steps before the last are fitted; the last is fitted in each of
    `shares` with its trees. The result is what fitting the pipeline gives.
    """
    found, forests = shares[0], [share.classifier_ for share in shares]
    name, unfitted = pipeline.steps[-1]
    declared = unfitted.classifier
    forests[0].estimators_ = [tree for forest in forests for tree in forest.estimators_]
    forests[0].set_params(**{each: declared.get_params()[each] for each in ("n_estimators", "random_state")})
    found.classifier = declared
    pipeline.steps[-1] = (name, found)
    return pipeline
