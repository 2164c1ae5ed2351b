"""Backtest of probabilities of default: the mean PD of a group of loans against its defaults, with a traffic light.

Jeffreys' test: with the prior Beta(1/2, 1/2), the default rate of n loans of which k defaulted has the posterior
Beta(k + 1/2, n - k + 1/2). The European Central Bank prescribes it for PDs in "Instructions for reporting the
validation results of internal models" (2019). The interval is that of Brown, Cai and DasGupta (2001).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv

Light = Literal["green", "amber", "red"]
AMBER, RED = 0.95, 0.99  # a mean PD outside the interval of that probability


@dataclass(frozen=True)
class Backtest:
    """The mean PD of `n` loans against `defaults` of them, the bad rate with its 95% interval, and the light.

    `p_value` is the posterior probability that the default rate is at most the mean PD: near 0, the PDs are too low;
    near 1, they are too high. Everything but the counts is None without loans.
    """

    n: int
    defaults: int
    mean_pd: float | None
    bad_rate: float | None
    low: float | None
    high: float | None
    p_value: float | None
    light: Light | None

    @property
    def direction(self) -> str:
        """`too low` or `too high` where the light is not green, else ''."""
        if self.light in (None, "green") or self.p_value is None:
            return ""
        return "too low" if self.p_value < 0.5 else "too high"


def backtest(labels: ArrayLike, probabilities: ArrayLike) -> Backtest:
    """The backtest of one group of loans. `labels` (1 is bad) and `probabilities` have length n.

    Amber is a mean PD outside the 95% interval, red one outside the 99% interval: of groups whose PDs are right, 5%
    and 1% are so by chance alone.
    """
    bad, values = np.asarray(labels, dtype=np.float64).ravel(), np.asarray(probabilities, dtype=np.float64).ravel()
    if bad.size != values.size:
        raise ValueError(f"labels and probabilities of the same loans are needed, not {bad.size} and {values.size}")
    if bad.size == 0:
        return Backtest(0, 0, None, None, None, None, None, None)
    n, k, mean = bad.size, int(bad.sum()), float(values.mean())
    low, high = jeffreys_interval(k, n, AMBER)
    p = jeffreys_p_value(k, n, mean)
    return Backtest(n, k, mean, k / n, low, high, p, _light(p, k, n))


def jeffreys_p_value(defaults: int, n: int, pd: float) -> float:
    """The posterior probability that the default rate is at most `pd`."""
    return float(betainc(defaults + 0.5, n - defaults + 0.5, min(max(pd, 0.0), 1.0)))


def jeffreys_interval(defaults: int, n: int, confidence: float = AMBER) -> tuple[float, float]:
    """The equal-tailed posterior interval of the default rate; from 0 without a default, to 1 when all defaulted."""
    a, b, tail = defaults + 0.5, n - defaults + 0.5, (1 - confidence) / 2
    low = 0.0 if defaults == 0 else float(betaincinv(a, b, tail))
    high = 1.0 if defaults == n else float(betaincinv(a, b, 1 - tail))
    return low, high


def _light(p_value: float, defaults: int, n: int) -> Light:
    """No PD is too low without a default, and none too high when all defaulted (see `jeffreys_interval`)."""
    too_low, too_high = (1.0 if defaults == 0 else p_value), (1.0 if defaults == n else 1 - p_value)
    tail = min(too_low, too_high)
    return "red" if tail < (1 - RED) / 2 else "amber" if tail < (1 - AMBER) / 2 else "green"
