"""The amounts of the sample's applicants: salary, instalments, investment and balance, and how they are related.

As in the real book:
- salary = annual income / 12 + a whole number from -300 to 300;
- instalments of other loans = annual income / 12 x number of loans x a rate from 0.5% to 1%;
- invested = salary x a rate within bounds for each payment behaviour, the upper one 4 times the lower;
- balance = salary / 10 - instalments - invested + a constant for each payment behaviour.
About 6% of the customers have the salary and instalments of another month, 5% the behaviour of another month.
"""

from dataclasses import dataclass

import numpy as np

from jobs.sample.applicants import Applicants, Integers, at_quantiles
from jobs.sample.tables import Floats, Histogram, cumulative, numbers
from jobs.sample.text import rounded, significant

BEHAVIOURS = tuple(f"{a}_spent_{b}_value_payments" for a in ("High", "Low") for b in ("Large", "Medium", "Small"))
BALANCE_CONSTANT = numbers("240 250 260 270 280 290")
LEAST_INVESTED = numbers("0.0065 0.0106 0.0174 0.0235 0.0259 0.0338")
MOST_OVER_LEAST = 4.0
SALARY_BOUNDS = numbers("1600 2500 4000 6000")  # each salary band has its own shares of the behaviours
BEHAVIOUR_CUMULATIVE = cumulative(
    np.stack(
        [
            numbers("30 68 86 103 196 517"),
            numbers("105 186 150 150 96 313"),
            numbers("117 248 152 140 96 247"),
            numbers("150 328 130 97 91 204"),
            numbers("313 200 103 102 186 96"),
        ]
    )
)
OTHER_BEHAVIOUR_RATE = 0.06  # a sixth of these draw the same behaviour
NOTHING_INVESTED_RATE = 0.0014
HALF_CENT_RATE = 0.081  # incomes whose third decimal is 5
SALARY_SPREAD = 300
LOAN_RATES = (0.005, 0.010)
LEAST_BALANCE_SHARE = 0.06  # of the amount that is divided between investment and balance
ODD_SALARY_RATIO = Histogram(
    numbers("0.55 0.70 0.755 0.80 0.86 0.916 0.969 1.03 1.32"), cumulative(numbers("10 40 50 150 250 250 150 100"))
)
ODD_INSTALMENT_SHARE = Histogram(
    numbers("0.041 0.06 0.082 0.111 0.14 0.163 0.21"), cumulative(numbers("100 150 250 250 150 100"))
)
UTILISATION = Histogram(
    numbers("21.5 22.5 23 24 26 28 38 39 40 41 42 43.5 46 48.5"),
    cumulative(numbers("6 10 28 91 111 586 60 49 34 13 6 4 2")),
)


@dataclass(frozen=True)
class Money:
    """Monthly amounts of length n, rounded as in the extracts. `behaviour` is an index into BEHAVIOURS."""

    annual_income: Floats
    salary: Floats
    instalments: Floats
    invested: Floats
    balance: Floats
    utilisation: Floats
    behaviour: Integers


def drawn_money(rng: np.random.Generator, applicants: Applicants) -> Money:
    """The amounts of the applicants, by the rules in the module's docstring."""
    rows = len(applicants.cohorts)
    income = _annual_income(rng, applicants)
    usual_salary = income / 12.0 + rng.integers(-SALARY_SPREAD, SALARY_SPREAD + 1, size=rows)
    low, high = LOAN_RATES
    usual_instalments = income / 12.0 * applicants.figures["Num_of_Loan"] * (low + (high - low) * rng.random(rows))
    odd = applicants.figures["Odd_Salary"] > 0.0
    salary = np.where(odd, income / 12.0 * at_quantiles(rng.random(rows), *ODD_SALARY_RATIO), usual_salary)
    odd_instalments = salary * at_quantiles(rng.random(rows), *ODD_INSTALMENT_SHARE)
    behaviour = _behaviours(rng.random(rows), salary)
    rate = LEAST_INVESTED[behaviour] * (1.0 + (MOST_OVER_LEAST - 1.0) * rng.random(rows))
    divided = usual_salary / 10.0 - usual_instalments + BALANCE_CONSTANT[behaviour]
    invested = np.minimum(salary * rate, divided * (1.0 - LEAST_BALANCE_SHARE * rng.random(rows)))
    invested = np.where(rng.random(rows) < NOTHING_INVESTED_RATE, 0.0, invested)
    other = rng.random(rows) < OTHER_BEHAVIOUR_RATE
    shown = np.where(other, rng.integers(0, len(BEHAVIOURS), size=rows), behaviour)
    return Money(
        annual_income=income,
        salary=significant(salary),
        instalments=significant(np.where(odd, odd_instalments, usual_instalments)),
        invested=significant(invested),
        balance=significant(divided - invested),
        utilisation=significant(at_quantiles(rng.random(rows), *UTILISATION)),
        behaviour=shown,
    )


def _annual_income(rng: np.random.Generator, applicants: Applicants) -> Floats:
    whole_cents = rounded(applicants.figures["Annual_Income"], 2)
    half_cent = rng.random(len(whole_cents)) < HALF_CENT_RATE
    return rounded(whole_cents + 0.005 * half_cent, 3)


def _behaviours(shares: Floats, salary: Floats) -> Integers:
    bands = np.searchsorted(SALARY_BOUNDS, salary)
    return np.asarray((shares[:, None] >= BEHAVIOUR_CUMULATIVE[bands][:, 1:-1]).sum(axis=1), dtype=np.int64)
