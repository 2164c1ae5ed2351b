"""The AUC panel over the monitoring dates in words: only an AUC that the gate judges counts as below the threshold."""

from datetime import date
from types import SimpleNamespace
from typing import Any

import pandas as pd

from console.drift.panels import auc_history_words
from jobs.governance.breaches import Thresholds

GOOD = {"auc": 0.75, "auc_status": "measured", "auc_from": "2024-11", "model_version": "v1"}
WEAK, FEW = {**GOOD, "auc": 0.68}, {**GOOD, "auc": 0.55, "auc_status": "insufficient"}


def told(*rows: dict[str, Any]) -> str:
    dates = [date(2025, month, 1) for month in range(1, len(rows) + 1)]
    history = pd.DataFrame(rows).assign(monitoring_date=dates)
    view: Any = SimpleNamespace(history=history, thresholds=Thresholds(0.70, 0.2, 0.1))
    return auc_history_words(view)


def test_an_auc_of_too_few_defaults_is_not_below_the_threshold() -> None:
    words = told(GOOD, WEAK, FEW)
    assert words.startswith("AUC at 2 monitoring dates with 95% intervals, each of the newest mature cohorts: 1 below")
    assert "the lowest 0.680 on" in words
    assert words.endswith(" Not judged at 1 of 3 dates: too few defaults are known.")
    assert "Not judged" not in told(GOOD, WEAK)


def test_no_date_is_judged() -> None:
    words = "No AUC was judged in this period. Not judged at 2 of 2 dates: too few defaults are known."
    assert told(FEW, {**FEW, "auc": None}) == words


def test_the_auc_of_an_earlier_release_is_told_to_be_of_all_outcomes() -> None:
    old = {**WEAK, "auc_from": None}
    assert "each of all known outcomes: 2 below" in told(old, old)
    assert "1 of the newest mature cohorts and 2 of all known outcomes: 2 below" in told(old, GOOD, old)
