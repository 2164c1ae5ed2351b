"""How soon the gate finds a model that ranks worse, and how often it reports a breach without cause, by simulation.

The cohorts are like those of a book of 5,400 loans in two years: about 215 loans a month (Poisson), 27% of them bad,
outcomes known three months after scoring. Scores are two normals of deviation 1 whose means lie apart by
sqrt(2) times the normal quantile of the AUC, through the logistic function. The break changes the AUC of every loan
scored after it. A date is found when the AUC of its window is a breach, confirmed or not.

Tolerances are derived as in tests/jobs/statistics/test_simulations.py: of k events in N independent draws, the exact
one-sided 95% bound of Clopper and Pearson.
"""

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from scipy.special import expit

from jobs.governance.breaches import Thresholds
from jobs.governance.gate import decision_on
from jobs.monitoring.measures import auc_facts
from storage.settings import Settings

LOANS_A_MONTH, BAD_RATE, WAIT = 215, 0.27, 3
HEALTHY, BROKEN = 0.80, 0.656
BEFORE, DATES = 12, 4  # cohorts before the break, and monthly dates at which it must be found
DEFAULTS, LEAST = (Settings.model_fields[name].default for name in ("auc_defaults", "auc_least_defaults"))


def cohort(generator: np.random.Generator, month: int, auc: float) -> dict[str, Any]:
    """The loans of a month, ranked with this AUC."""
    count = int(generator.poisson(LOANS_A_MONTH))
    bad = generator.random(count) < BAD_RATE
    gap = math.sqrt(2) * float(stats.norm.ppf(auc))
    scores = expit(generator.normal(size=count) + gap * bad - 1.5)
    return {"cohort": f"{2023 + month // 12}-{month % 12 + 1:02}", "month": month, "label": bad, "scores": scores}


def known_at(cohorts: list[dict[str, Any]], date: int) -> pa.Table:
    """The scored loans at the first day of a month, with the outcomes that are known then."""
    scored = [one for one in cohorts if one["month"] <= date]
    observed = np.concatenate([np.full(one["label"].size, one["month"] + WAIT <= date) for one in scored])
    scores = np.concatenate([one["scores"] for one in scored])
    return pa.table({
        "cohort": [one["cohort"] for one in scored for _ in one["label"]],
        "label": pa.array(np.concatenate([one["label"] for one in scored]).astype(np.int8), mask=~observed),
        "observed": observed,
        "predicted_proba": scores,
        "predicted_label": (scores > 0.5).astype(np.int8),
    })  # fmt: skip


def breached(table: pa.Table, defaults: int) -> tuple[bool, bool]:
    """(whether the gate finds a breach of AUC, whether the AUC of all outcomes would be below the threshold)."""
    facts, _ = auc_facts(table, defaults, LEAST)
    decision = decision_on({**facts, "psi": 0.0, "psi_chance_level": 0.05}, Thresholds())
    return any(breach.metric == "auc" for breach in decision.breaches), facts["auc_pooled"] < Thresholds().auc


def found(generator: np.random.Generator, defaults: int) -> tuple[bool, bool]:
    """Whether a break is found at the first DATES dates with outcomes after it: by the gate, by all outcomes."""
    cohorts = [cohort(generator, month, HEALTHY if month < BEFORE else BROKEN) for month in range(BEFORE + DATES)]
    dates = [breached(known_at(cohorts, BEFORE + WAIT + number), defaults) for number in range(DATES)]
    return any(gate for gate, _ in dates), any(pooled for _, pooled in dates)


def false_alarm(generator: np.random.Generator, defaults: int) -> bool:
    cohorts = [cohort(generator, month, HEALTHY) for month in range(WAIT + 4)]
    return breached(known_at(cohorts, WAIT + 3), defaults)[0]


@pytest.mark.thorough
def test_a_break_is_found_within_four_dates_that_the_auc_of_all_outcomes_does_not_see() -> None:
    generator, draws = np.random.default_rng(13), 200
    results = [found(generator, DEFAULTS) for _ in range(draws)]
    by_gate, by_all = (sum(result) for result in zip(*results, strict=True))
    assert by_gate / draws >= 0.95
    # With 12 months before and 4 after the break, all outcomes together have an AUC of about 0.77.
    assert by_all == 0


@pytest.mark.thorough
def test_without_a_break_the_gate_reports_a_breach_at_one_date_in_a_hundred_at_most() -> None:
    generator, draws = np.random.default_rng(14), 500
    alarms = sum(false_alarm(generator, DEFAULTS) for _ in range(draws))
    assert stats.beta.ppf(0.95, alarms + 1, draws - alarms) <= 0.01
