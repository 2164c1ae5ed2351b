"""Jeffreys' test of probabilities of default: its formula, its interval, and its lights by chance alone."""

import math

import numpy as np
import pytest
from scipy.stats import beta

from jobs.statistics.backtest import backtest, jeffreys_interval, jeffreys_p_value


def test_the_p_value_is_the_posterior_at_the_mean_probability() -> None:
    assert jeffreys_p_value(2, 6, 0.0367) == pytest.approx(beta.cdf(0.0367, 2.5, 4.5), rel=1e-12)
    assert jeffreys_p_value(2, 6, 0.0367) == pytest.approx(0.0044, abs=5e-5)
    assert jeffreys_p_value(0, 50, 0.0) == 0
    assert jeffreys_p_value(50, 50, 1.0) == 1


@pytest.mark.parametrize(("defaults", "n"), [(1, 20), (7, 80), (19, 20)])
def test_the_interval_leaves_the_same_probability_on_either_side(defaults: int, n: int) -> None:
    low, high = jeffreys_interval(defaults, n, 0.9)
    assert jeffreys_p_value(defaults, n, low) == pytest.approx(0.05, abs=1e-9)
    assert jeffreys_p_value(defaults, n, high) == pytest.approx(0.95, abs=1e-9)
    assert jeffreys_interval(0, n)[0] == 0
    assert jeffreys_interval(n, n)[1] == 1


@pytest.mark.parametrize(
    ("defaults", "pd", "light", "direction"),
    [(54, 0.27, "green", ""), (70, 0.27, "amber", "too low"), (39, 0.27, "amber", "too high"),
     (90, 0.27, "red", "too low"), (20, 0.27, "red", "too high")],
)  # fmt: skip
def test_the_light_says_how_far_and_where_the_defaults_are(
    defaults: int, pd: float, light: str, direction: str
) -> None:
    labels = np.repeat([1, 0], [defaults, 200 - defaults])
    found = backtest(labels, np.full(200, pd))
    assert (found.n, found.defaults, found.light, found.direction) == (200, defaults, light, direction)
    assert found.mean_pd == pytest.approx(pd)
    assert found.bad_rate == defaults / 200
    assert found.low is not None
    assert found.high is not None
    assert (light == "green") == (found.low <= pd <= found.high)


def test_groups_with_right_probabilities_are_amber_or_red_by_chance_alone() -> None:
    random, groups, size = np.random.default_rng(11), 4_000, 215
    lights = []
    for _ in range(groups):
        probabilities = random.beta(2, 5.4, size)
        lights.append(backtest(random.random(size) < probabilities, probabilities).light)
    # The defaults of loans of different risk vary a little less than the binomial of the test, so that there are fewer
    # false lights than 5% and 1%; above these the count may lie by 3.3 standard deviations (1 in 1,000).
    for share, count in ((0.05, sum(light != "green" for light in lights)), (0.01, lights.count("red"))):
        assert count <= groups * share + 3.3 * math.sqrt(groups * share * (1 - share))
    assert lights.count("amber") > 0


def test_without_a_default_no_probability_is_too_low_and_with_defaults_alone_none_is_too_high() -> None:
    assert backtest(np.zeros(300), np.full(300, 1e-6)).light == "green"
    assert backtest(np.ones(300), np.full(300, 1 - 1e-6)).light == "green"
    assert backtest(np.zeros(300), np.full(300, 0.05)).direction == "too high"


def test_no_loans_have_no_light() -> None:
    assert backtest([], []).light is None
    with pytest.raises(ValueError, match="same loans"):
        backtest([1, 0], [0.5])
