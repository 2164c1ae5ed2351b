"""How often the statistics are right, by simulation of the very functions that operation uses.

Tolerances are derived: of k events in N draws, the exact binomial bound of Clopper and Pearson (95%, one-sided) says
what rate is still possible; a claim of "at most 1%" needs that bound to be below 1%. Seeds are fixed, so a test that
passes once passes always.
"""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from jobs.governance.breaches import Decision, decide
from jobs.statistics.discrimination import auc_with_interval, paired_auc_difference
from jobs.statistics.drift import measured_drift
from jobs.statistics.reference import numeric_reference

REFERENCE_ROWS = 1_000  # test loans of a book of 5,000
BAD_RATE = 0.16
AUC = 0.75
GAP = math.sqrt(2) * float(stats.norm.ppf(AUC))  # between the means of two normals of deviation 1, for that area

Floats = NDArray[np.float64]


def at_most(events: int, draws: int) -> float:
    """The largest rate that so many events leave possible."""
    return float(stats.beta.ppf(0.95, events + 1, draws - events))


def loans(generator: np.random.Generator, count: int, shift: float = 0.0) -> tuple[NDArray[np.bool_], Floats]:
    """(labels, scores) of a population that a model with the AUC above ranks, its scores moved by `shift`."""
    labels = generator.random(count) < BAD_RATE
    return labels, generator.normal(size=count) + GAP * labels + shift


def decided(generator: np.random.Generator, window: int, shift: float = 0.0) -> Decision:
    """The gate on a window, with a reference frozen from loans of its own."""
    _, frozen = loans(generator, REFERENCE_ROWS)
    labels, scores = loans(generator, window, shift)
    return decide(auc_with_interval(labels, scores), measured_drift(numeric_reference(frozen), scores))


def confirmed(decision: Decision) -> bool:
    return any(breach.confirmed for breach in decision.breaches)


@pytest.mark.thorough
@pytest.mark.parametrize("rows", [300, 1_000])
def test_the_interval_of_delong_covers_the_truth_as_often_as_it_says(rows: int) -> None:
    generator, draws, hits = np.random.default_rng(rows), 2_000, 0
    for _ in range(draws):
        auc = auc_with_interval(*loans(generator, rows))
        assert auc.low is not None
        assert auc.high is not None
        hits += auc.low <= AUC <= auc.high
    # Nominal 95%; 1.5 points are three standard errors of 2,000 draws: sqrt(0.95 x 0.05 / 2,000) is 0.49 points.
    assert 0.935 <= hits / draws <= 0.965


@pytest.mark.thorough
def test_the_paired_interval_covers_the_true_difference_as_often_as_it_says() -> None:
    generator, draws, hits = np.random.default_rng(5), 2_000, 0
    for _ in range(draws):
        labels, shared = loans(generator, 400)
        a, b = (shared + 0.7 * generator.normal(size=400) for _ in range(2))
        paired = paired_auc_difference(labels, a, b)
        assert paired.low is not None
        assert paired.high is not None
        hits += paired.low <= 0 <= paired.high
    assert 0.935 <= hits / draws <= 0.965


@pytest.mark.thorough
@pytest.mark.parametrize(("window", "draws"), [(150, 4_000), (500, 3_000), (5_000, 1_500)])
def test_without_drift_the_confirmed_gate_raises_at_most_one_false_alarm_in_a_hundred(window: int, draws: int) -> None:
    # The model is 0.05 better than the threshold. Of one that is 0.02 better, 150 loans with 24 defaults would confirm
    # a breach in 1.4% of the draws: a bound below the threshold is wrong in 2.5% of all cases at the threshold itself.
    generator = np.random.default_rng(window)
    alarms = sum(confirmed(decided(generator, window)) for _ in range(draws))
    assert at_most(alarms, draws) <= 0.01


@pytest.mark.thorough
def test_a_shift_of_one_deviation_is_confirmed_at_500_rows() -> None:
    generator, draws = np.random.default_rng(9), 1_000
    missed = sum(not confirmed(decided(generator, 500, shift=1.0)) for _ in range(draws))
    assert at_most(missed, draws) <= 0.01


@pytest.mark.thorough
def test_a_ranking_that_is_lost_is_confirmed_at_500_rows() -> None:
    generator, draws, missed = np.random.default_rng(10), 1_000, 0
    for _ in range(draws):
        labels = generator.random(500) < BAD_RATE
        scores = generator.normal(size=500) + GAP * (generator.random(500) < BAD_RATE)
        decision = decide(auc_with_interval(labels, scores), measured_drift(numeric_reference(scores), scores))
        missed += not confirmed(decision)
    assert at_most(missed, draws) <= 0.01


def test_the_bounds_are_what_they_are_called() -> None:
    # For no failure in n trials the 95% bound is about 3 / n.
    assert at_most(0, 1_000) == pytest.approx(3 / 1_000, rel=0.01)
    assert stats.binom.cdf(4, 2_000, at_most(4, 2_000)) == pytest.approx(0.05)
