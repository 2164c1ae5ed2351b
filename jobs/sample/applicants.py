"""The applicants of the sample book before any data error: cohort, archetype, default, figures.

The size of every draw depends on the number of rows alone. So a book with drift differs from the book without drift of
the same seed in the drifted rows only.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from jobs.sample.tables import (
    ARCHETYPE_SHARE,
    BAD_MIX_RATE,
    DEFAULT_RATE,
    GOOD_MIX_RATE,
    HISTOGRAMS,
    MINIMUM_PAYER_RATE,
    ODD_SALARY_RATE,
    Floats,
    Histogram,
)

Integers = NDArray[np.int64]

COHORTS = 25  # loans open on the first of a month, 2023-01 to 2025-01
DRIFTED_COHORTS = 4  # the newest cohorts; only these drift
LOWEST_ID, ID_SPAN, IDS_PER_CUSTOMER = 1000, 50_000, 8
CONTINUOUS = frozenset({"Annual_Income", "Changed_Credit_Limit", "Outstanding_Debt"})
RISK_SIGNS = {"Interest_Rate": 1, "Num_Bank_Accounts": 1, "Num_Credit_Card": 1, "Credit_History_Months": -1}
# With a tilt of twice the risk level, a drift of 1 moves the mean of the risk columns by about one standard deviation.
TILT = 2.0
# A credit history of full years and 1 or 7 months is nine times rarer than others, as in the real book.
RARE_MONTHS, RARE_MONTH_MOVED = (1, 7), 0.89
MIXES = ("Good", "Standard", "Bad")


@dataclass(frozen=True)
class Roll:
    """All customers in the order of the files: numbers (`int64`) and cohorts (0 is January 2023), both of length n."""

    numbers: Integers
    cohorts: Integers


@dataclass(frozen=True)
class Applicants:
    """A chunk of customers: correct columns of length n, by their names in the extracts.

    `figures` also has `Credit_History_Months`, `Mix` (index into MIXES), `Minimum_Payer` and `Odd_Salary` (0 or 1).
    """

    cohorts: Integers
    defaulted: NDArray[np.bool_]
    figures: dict[str, Floats]


def customer_roll(rng: np.random.Generator, customers: int) -> Roll:
    """Distinct customer numbers, sorted as hexadecimal texts, and the cohort in which each customer opens a loan."""
    span = max(ID_SPAN, IDS_PER_CUSTOMER * customers)
    drawn = LOWEST_ID + rng.choice(span, size=customers, replace=False, shuffle=False).astype(np.int64)
    digits = np.ones(customers, dtype=np.int64)
    for digit in range(1, 16):
        digits += drawn >= 16**digit
    # Left-aligned hexadecimal numbers sort like their texts. Of two equal ones the shorter text is first.
    left_aligned = drawn << (4 * (15 - digits))
    order = np.lexsort((digits, left_aligned))
    return Roll(drawn[order], rng.integers(0, COHORTS, size=customers))


def risk_levels() -> Floats:
    """The risk of each archetype: the mean of its risk columns, in standard deviations from the book's mean."""
    levels = []
    for column, sign in RISK_SIGNS.items():
        edges, cumulative = HISTOGRAMS[column]
        middles, shares = (edges[1:] + edges[:-1]) / 2.0, np.diff(cumulative, axis=1)
        means = shares @ middles
        mean = ARCHETYPE_SHARE @ means
        deviation = np.sqrt(ARCHETYPE_SHARE @ (shares @ middles**2) - mean**2)
        levels.append(sign * (means - mean) / deviation)
    return np.asarray(np.mean(levels, axis=0))


def archetype_shares(drift: float) -> Floats:
    """Shares of the archetypes after a drift, in standard deviations of the risk columns.

    An exponential tilt. It moves all inputs together and keeps the default rate of each archetype: the mix of
    applicants changes, not their behaviour. Every value stays within its usual range.
    """
    weights = ARCHETYPE_SHARE * np.exp(TILT * drift * risk_levels())
    return np.asarray(weights / weights.sum())


def drawn_applicants(rng: np.random.Generator, cohorts: Integers, drift: float) -> Applicants:
    """The customers of these cohorts. The archetype is drawn first, then all columns given the archetype."""
    rows = len(cohorts)
    archetypes = _archetypes(rng.random(rows), cohorts, drift)
    defaulted = rng.random(rows) < DEFAULT_RATE[archetypes]
    figures = {name: _by_archetype(rng.random(rows), archetypes, table) for name, table in HISTOGRAMS.items()}
    for name in HISTOGRAMS.keys() - CONTINUOUS:
        figures[name] = np.floor(figures[name])
    months = figures["Credit_History_Months"]
    moved = np.isin(months % 12, RARE_MONTHS) & (rng.random(rows) < RARE_MONTH_MOVED)
    figures["Credit_History_Months"] = months + moved
    mix = rng.random(rows)
    figures["Mix"] = np.where(mix < GOOD_MIX_RATE[archetypes], 0.0, 1.0) + (mix < BAD_MIX_RATE[archetypes])
    figures["Minimum_Payer"] = (rng.random(rows) < MINIMUM_PAYER_RATE[archetypes]).astype(np.float64)
    figures["Odd_Salary"] = (rng.random(rows) < ODD_SALARY_RATE[archetypes]).astype(np.float64)
    return Applicants(cohorts, defaulted, figures)


def at_quantiles(shares: Floats, edges: Floats, cumulative: Floats) -> Floats:
    """Values at the given shares of a histogram, uniform within a bin."""
    return np.asarray(np.interp(shares, cumulative, edges))


def _archetypes(shares: Floats, cohorts: Integers, drift: float) -> Integers:
    usual = np.searchsorted(np.cumsum(ARCHETYPE_SHARE)[:-1], shares, side="right")
    drifted = np.searchsorted(np.cumsum(archetype_shares(drift))[:-1], shares, side="right")
    newest = cohorts >= COHORTS - DRIFTED_COHORTS
    return np.where(newest & (drift > 0.0), drifted, usual)


def _by_archetype(shares: Floats, archetypes: Integers, table: Histogram) -> Floats:
    values = np.empty_like(shares)
    for archetype in range(len(ARCHETYPE_SHARE)):
        chosen = archetypes == archetype
        values[chosen] = at_quantiles(shares[chosen], table.edges, table.cumulative[archetype])
    return values
