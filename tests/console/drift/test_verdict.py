"""The sentences about a monitoring date: drift stands first, with its loans and its noise level."""

from datetime import date
from types import SimpleNamespace
from typing import Any

from jobs.governance.breaches import Thresholds
from jobs.governance.verdict import auc_words, psi_words, verdict

LIMITS = Thresholds(0.70, 0.2, 0.1)
ROW: dict[str, Any] = {
    "monitoring_date": date(2025, 4, 15),
    "auc": 0.75,
    "auc_low": 0.72,
    "auc_high": 0.78,
    "auc_status": "measured",
    "auc_estimate": None,
    "auc_from": "2024-11",
    "auc_to": "2024-12",
    "labelled": 345,
    "defaults": 102,
    "auc_pooled": 0.781,
    "labelled_pooled": 2345,
    "psi": 0.05,
    "psi_chance_level": 0.03,
    "window_rows": 1200,
    "window_from": "2025-03",
    "window_to": "2025-04",
}


def row(**values: Any) -> dict[str, Any]:
    return {**ROW, **values}


def test_the_verdict_on_a_good_model_has_interval_and_loans() -> None:
    sentence = verdict(ROW, None, LIMITS)
    assert sentence == (
        "AUC 0.750 (95% interval 0.720 to 0.780, 102 defaults of 2024-11 to 2024-12) is above the minimum of 0.70; it "
        "is 0.781 over all 2,345 known outcomes; the scores are stable, PSI 0.050 (1,200 loans of 2025-03 to 2025-04; "
        "noise level (99%) 0.030)."
    )


def test_a_window_without_the_newest_month_says_so() -> None:
    sentence = verdict(row(monitoring_date=date(2025, 6, 1)), None, LIMITS)
    assert "(1,200 loans of 2025-03 to 2025-04, there are no newer ones; noise level (99%) 0.030)" in sentence


def test_drift_stands_first_and_the_action_of_the_retraining_rule_last() -> None:
    sentence = verdict(row(psi=0.31), SimpleNamespace(action="requested"), LIMITS)
    assert sentence.startswith("the scores have drifted, PSI 0.310")
    assert sentence.endswith("the retraining rule requested a training.")


def test_an_auc_below_the_threshold_is_sure_or_within_noise() -> None:
    assert "below 0.70, with its whole interval;" in auc_words(row(auc=0.66, auc_low=0.63, auc_high=0.69), LIMITS)
    assert "below 0.70, but within noise;" in auc_words(row(auc=0.69, auc_low=0.66, auc_high=0.72), LIMITS)
    assert "though its interval goes below;" in auc_words(row(auc_low=0.69), LIMITS)


def test_a_row_of_an_earlier_release_has_its_auc_of_all_labelled_loans() -> None:
    old = {name: value for name, value in ROW.items() if not name.endswith(("auc_from", "auc_to", "_pooled"))}
    for row_ in (old, {**ROW, **dict.fromkeys(("auc_from", "auc_to", "auc_pooled", "labelled_pooled"))}):
        assert auc_words(row_, LIMITS) == (
            "AUC 0.750 (95% interval 0.720 to 0.780, 345 labelled loans) is above the minimum of 0.70"
        )
        few = {**row_, "auc_status": "insufficient"}
        assert auc_words(few, LIMITS) == "AUC is not measured, because 345 labelled loans are too few"


def test_an_auc_that_rounds_to_the_threshold_has_more_decimals() -> None:
    assert "AUC 0.6999" in auc_words(row(auc=0.6999, auc_low=0.68, auc_high=0.72), LIMITS)


def test_too_few_loans_are_not_measured_and_the_estimate_is_shown() -> None:
    few = row(auc=None, auc_status="insufficient", labelled=52, labelled_pooled=52, defaults=12, auc_estimate=0.77)
    assert auc_words(few, LIMITS) == (
        "AUC is not measured, because the loans of 2024-11 to 2024-12 have 12 defaults, and 50 are needed (estimate "
        "without labels: 0.770)"
    )
    assert psi_words(row(psi=None, window_rows=80), LIMITS) == (
        "80 loans in the current window are too few to measure drift"
    )


def test_drift_up_to_the_noise_level_is_within_noise() -> None:
    assert psi_words(row(psi=0.25, psi_chance_level=0.3), LIMITS).endswith("within noise")
    assert "and watched" in psi_words(row(psi=0.15), LIMITS)
    assert psi_words(row(psi=0.15, psi_chance_level=0.15), LIMITS).endswith("noise level (99%) 0.150) is within noise")
    assert verdict(row(psi=0.15, psi_chance_level=0.15), None, LIMITS).startswith("AUC")
    assert verdict(row(psi=0.15), None, LIMITS).startswith("the scores have moved")
