"""The governance rule at its edges: exact thresholds, noise, missing numbers, and every pair of findings."""

import json
import math
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.governance.breaches import Decision, Thresholds, decide, with_stale
from storage.errors import UsageError


@dataclass(frozen=True)
class Auc:
    value: float | None
    high: float | None = 0.99


def estimated(value: float | None) -> Auc:
    """An estimate whose interval ends at its value."""
    return Auc(value, value)


@dataclass(frozen=True)
class Psi:
    value: float | None
    chance_level: float | None = 0.05


BELOW = math.nextafter(0.70, 0)
NUMBERS = st.one_of(st.none(), st.floats(0, 1), st.just(math.nan))


@pytest.mark.parametrize(
    ("auc", "psi", "status"),
    [
        (0.70, math.nextafter(0.1, 0), "healthy"),
        (BELOW, 0.0, "breach"),
        (0.9, 0.2, "breach"),
        (0.9, math.nextafter(0.2, 0), "watch"),
        (0.9, 0.1, "watch"),
        (0.9, math.nextafter(0.1, 0), "healthy"),
        (BELOW, 0.15, "breach"),
        (None, 0.0, "insufficient"),
        (0.9, None, "insufficient"),
        (None, None, "insufficient"),
        (None, 0.15, "watch"),
        (None, 0.2, "breach"),
        (BELOW, None, "breach"),
        (math.nan, 0.0, "insufficient"),
        (0.9, math.nan, "insufficient"),
    ],
)
def test_status_and_retrain(auc: float | None, psi: float | None, status: str) -> None:
    decision = decide(Auc(auc), Psi(psi))
    assert decision.status == status
    assert decision.retrain is (status == "breach")
    assert bool(decision.breaches) is (status == "breach")
    assert bool(decision.reasons) is (status != "healthy")


@pytest.mark.parametrize(("high", "confirmed"), [(BELOW, True), (0.70, False), (0.75, False)])
def test_auc_breach_is_confirmed_by_its_interval(high: float, confirmed: bool) -> None:
    (breach,) = decide(Auc(0.6, high), Psi(0.0)).breaches
    assert (breach.metric, breach.value, breach.threshold, breach.confirmed) == ("auc", 0.6, 0.70, confirmed)


@pytest.mark.parametrize(("level", "confirmed"), [(0.1, True), (0.25, False), (0.3, False), (None, False)])
def test_psi_breach_is_confirmed_above_chance(level: float | None, confirmed: bool) -> None:
    (breach,) = decide(Auc(0.9), Psi(0.25, level)).breaches
    assert (breach.metric, breach.confirmed) == ("psi", confirmed)


def test_an_auc_without_interval_is_insufficient_and_never_retrains() -> None:
    decision = decide(Auc(0.0, None), Psi(0.0))
    assert (decision.status, decision.retrain) == ("insufficient", False)


def test_both_breaches_are_told_and_sentences_do_not_round_into_the_threshold() -> None:
    decision = decide(Auc(0.69999, 0.8), Psi(0.45, 0.1))
    assert decision.reasons == (
        "AUC 0.69999 is below 0.70 (not confirmed: only part of its 95% interval is below).",
        "PSI 0.450 is at or above 0.20 (confirmed: above the noise level).",
    )
    assert [breach.metric for breach in decision.breaches] == ["auc", "psi"]


def test_missing_numbers_are_told_beside_a_breach_of_the_other() -> None:
    reasons = decide(Auc(None), Psi(0.3)).reasons
    assert any("AUC is not measured" in reason for reason in reasons)
    assert any("PSI 0.300 is at or above" in reason for reason in reasons)
    assert any("PSI is not measured" in reason for reason in decide(Auc(0.9), Psi(None)).reasons)


def test_thresholds_are_settings() -> None:
    strict = Thresholds(auc=0.8, psi=0.05, psi_watch=0.02)
    assert [b.metric for b in decide(Auc(0.75), Psi(0.05), strict).breaches] == ["auc", "psi"]
    assert decide(Auc(0.85), Psi(0.03, 0.02), strict).status == "watch"


@pytest.mark.parametrize("wrong", [{"auc": 0.0}, {"auc": 1.0}, {"psi": 0.05}, {"psi_watch": 0.0}, {"auc": math.nan}])
def test_impossible_thresholds_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="are invalid"):
        Thresholds(**wrong)


def test_as_json_is_plain() -> None:
    document = json.loads(json.dumps(decide(Auc(0.6, 0.65), Psi(0.0)).as_json(), allow_nan=False))
    assert document == {
        "status": "breach",
        "breaches": [{"metric": "auc", "value": 0.6, "threshold": 0.7, "confirmed": True}],
        "reasons": ["AUC 0.600 is below 0.70 (confirmed: its whole 95% interval is below)."],
        "retrain": True,
    }


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_only_a_crossed_threshold_retrains(
    auc: float | None, high: float | None, psi: float | None, level: float | None
) -> None:
    decision = decide(Auc(auc, high), Psi(psi, level))
    known = [x is not None and not math.isnan(x) for x in (auc, high, psi)]
    crossed = (known[0] and known[1] and (auc or 0) < 0.70) or (known[2] and (psi or 0) >= 0.2)
    assert decision.retrain is bool(crossed)
    if decision.status == "healthy":
        assert all(known)


@pytest.mark.parametrize(
    ("auc", "psi", "estimate", "status"),
    [
        (0.9, 0.0, BELOW, "watch"),
        (0.9, 0.0, 0.70, "healthy"),
        (None, 0.0, BELOW, "watch"),
        (None, None, BELOW, "watch"),
        (None, 0.0, 0.95, "insufficient"),
        (0.9, None, 0.95, "insufficient"),
        (BELOW, 0.0, 0.95, "breach"),
        (0.9, 0.2, 0.95, "breach"),
        (BELOW, 0.2, BELOW, "breach"),
        (0.9, 0.15, 0.95, "watch"),
        (0.9, 0.0, math.nan, "healthy"),
    ],
)
def test_an_estimate_warns_and_neither_breaches_nor_clears(
    auc: float | None, psi: float | None, estimate: float, status: str
) -> None:
    decision = decide(Auc(auc), Psi(psi), estimate=estimated(estimate))
    assert decision.status == status
    assert decision.retrain is (status == "breach")
    assert any("estimated" in reason for reason in decision.reasons) is (estimate < 0.70)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_no_estimate_hides_or_adds_a_breach(
    auc: float | None, high: float | None, psi: float | None, level: float | None, estimate: float | None
) -> None:
    without, beside = (decide(Auc(auc, high), Psi(psi, level), estimate=e) for e in (None, estimated(estimate)))
    assert beside.breaches == without.breaches
    assert beside.retrain is without.retrain
    assert set(without.reasons) <= set(beside.reasons)
    order = ["healthy", "insufficient", "watch", "breach"]
    assert order.index(beside.status) >= order.index(without.status)


@pytest.mark.parametrize(
    ("level", "status"),
    [(0.149, "watch"), (0.15, "healthy"), (0.16, "healthy"), (None, "healthy"), (math.nan, "healthy")],
)
def test_a_psi_is_watched_only_above_its_noise_level(level: float | None, status: str) -> None:
    decision = decide(Auc(0.9), Psi(0.15, level))
    assert decision.status == status
    told = "PSI 0.150 is at or above 0.10 and above its noise level, 0.149 (warning)."
    assert decision.reasons == ((told,) if status == "watch" else ())


@pytest.mark.parametrize(
    ("high", "status"), [(BELOW, "watch"), (0.70, "healthy"), (0.75, "healthy"), (None, "healthy")]
)
def test_an_estimate_warns_only_with_its_whole_interval(high: float | None, status: str) -> None:
    decision = decide(Auc(0.9), Psi(0.0), estimate=Auc(0.65, high))
    assert decision.status == status
    assert any("estimated AUC" in reason for reason in decision.reasons) is (status == "watch")


def test_a_data_fault_stays_one_when_extracts_are_stale_too() -> None:
    fault = Decision("data fault", (), ("age is constant.",), retrain=False)
    assert with_stale(fault, ["loans is stale."]) == replace(fault, reasons=("age is constant.", "loans is stale."))
    assert with_stale(fault, []) is fault
