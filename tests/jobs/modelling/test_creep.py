"""Retrains that get worse step by step: how much AUC the promotion test gives away, and whether it lets good ones pass.

Rows have 15 normal features, whose means differ between good and bad loans, so that the true AUC of a linear model is
exact (binormal): nothing but the verdict's 400 test rows is random about a model's worth.
"""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from jobs.modelling.promotion.opponents import Opponent, Opponents
from jobs.modelling.promotion.rule import Limits, verdict_on
from jobs.statistics.discrimination import paired_auc_difference

FEATURES, TRAIN, TEST, BAD, AUC, RETRAINS = 15, 1_600, 400, 0.27, 0.80, 16
SHIFT = np.full(FEATURES, ndtri(AUC) * np.sqrt(2 / FEATURES))
DRAWS = 100


@dataclass(frozen=True)
class History:
    """The true AUC of the first champion minus that of the last one, and how many retrains were promoted."""

    lost: float
    promoted: int


def rows(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    bad = (generator.random(count) < BAD).astype(int)
    return generator.normal(size=(count, FEATURES)) + bad[:, None] * SHIFT, bad


def fitted(generator: np.random.Generator, noise: float) -> np.ndarray:
    """The weights of a linear model, fitted on rows of which a share `noise` has a label drawn at random."""
    values, bad = rows(generator, TRAIN)
    random = generator.random(TRAIN) < noise
    labels = np.where(random, generator.random(TRAIN) < BAD, bad)
    weights: np.ndarray = np.linalg.lstsq(values - values.mean(axis=0), labels - labels.mean(), rcond=None)[0]
    return weights


def true_auc(weights: np.ndarray) -> float:
    return float(ndtr(weights @ SHIFT / (np.sqrt(2) * np.linalg.norm(weights))))


def history(seed: int, step: float, *, anchored: bool, fixed: bool) -> History:
    """What happens in 16 retrains, each with `step` more label noise; on the same test rows if `fixed`."""
    generator = np.random.default_rng(seed)
    first = champion = fitted(generator, 0.0)
    test, promoted = rows(generator, TEST), 0
    for retrain in range(1, RETRAINS + 1):
        new = fitted(generator, step * retrain)
        values, bad = test if fixed else rows(generator, TEST)
        present, anchor = (
            Opponent(name, paired_auc_difference(bad, values @ new, values @ old))
            for name, old in (("champion", champion), ("anchor", first))
        )
        compared = Opponents(present, anchor if anchored else None)
        if verdict_on(0.75, TEST, Limits(0.5, 0.02), "champion", compared).promote:
            champion, promoted = new, promoted + 1
    return History(true_auc(first) - true_auc(champion), promoted)


def histories(step: float, *, anchored: bool, fixed: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """(the AUC lost, the retrains promoted) in every draw."""
    found = [history(seed, step, anchored=anchored, fixed=fixed) for seed in range(DRAWS)]
    return np.array([one.lost for one in found]), np.array([one.promoted for one in found])


def error(values: np.ndarray) -> float:
    """Four standard errors of the mean over the draws."""
    return float(4 * values.std(ddof=1) / DRAWS**0.5)


@pytest.mark.thorough
def test_without_an_anchor_the_promotion_test_loses_six_hundredths() -> None:
    lost, promoted = histories(0.05, anchored=False)
    assert lost.mean() == pytest.approx(0.060, abs=error(lost))
    assert promoted.mean() > RETRAINS / 2


@pytest.mark.thorough
@pytest.mark.parametrize("fixed", [True, False])
def test_the_creep_stays_within_a_hundredth_with_an_anchor(fixed: bool) -> None:
    lost, _ = histories(0.05, anchored=True, fixed=fixed)
    assert lost.mean() + error(lost) < 0.01


@pytest.mark.thorough
def test_healthy_retrains_of_a_small_book_are_not_blocked() -> None:
    lost, promoted = histories(0.0, anchored=True)
    assert abs(lost.mean()) < error(lost)
    # A refit passes where its difference is above 1.96 s - 0.02, which is below 0 for a standard error s of 0.01.
    assert promoted.mean() > RETRAINS / 2
    assert promoted.min() > 0
