"""Breaches: the status of the champion by the metrics of a monitoring date, and which thresholds they cross."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

from jobs.statistics.rounding import rounded_apart, two_decimals
from storage.errors import UsageError
from storage.ledger.decisions import DATA_FAULT

Status = Literal["healthy", "watch", "breach", "insufficient", "stale", "data fault"]
UNHEALTHY: tuple[Status, ...] = (DATA_FAULT, "stale", "breach", "watch")  # the worst first
OF_DATA: tuple[Status, ...] = (DATA_FAULT, "stale")  # the extracts need a person, the model no retraining


class AucNumbers(Protocol):
    """An AUC and its interval, such as `discrimination.Auc`."""

    @property
    def value(self) -> float | None:
        """The area, None when it is not measured."""

    @property
    def high(self) -> float | None:
        """The interval's upper bound, None when there is no interval."""


class DriftNumbers(Protocol):
    """A PSI and its noise level, such as `drift.Drift`."""

    @property
    def value(self) -> float | None:
        """The index, None when there were too few rows."""

    @property
    def chance_level(self) -> float | None:
        """The noise level (99%), None when there were too few rows."""


@dataclass(frozen=True)
class AucLoans:
    """The loans of an AUC: their cohort months (`2025-01 to 2025-03`, '' for none), and the defaults among them.

    `defaults` is None when the number is not known.
    """

    months: str = ""
    defaults: int | None = None


@dataclass(frozen=True)
class Thresholds:
    """AUC below `auc` or PSI of at least `psi` is a breach. PSI of at least `psi_watch` above noise is a warning.

    An AUC of fewer than `least_defaults` defaults is not judged.
    """

    auc: float = 0.70
    psi: float = 0.2
    psi_watch: float = 0.1
    least_defaults: int = 50

    def __post_init__(self) -> None:
        if not (0 < self.auc < 1 and 0 < self.psi_watch <= self.psi < math.inf):
            raise UsageError(
                f"Thresholds auc={self.auc}, psi={self.psi}, psi_watch={self.psi_watch} are invalid; "
                "set 0 < auc < 1 and 0 < psi_watch <= psi."
            )


@dataclass(frozen=True)
class Breach:
    """A crossed threshold. `confirmed`: the AUC's whole interval is below it, or the PSI is above its noise level."""

    metric: Literal["auc", "psi"]
    value: float
    threshold: float
    confirmed: bool


@dataclass(frozen=True)
class Decision:
    """The status, its breaches, one sentence for each reason, and whether to retrain."""

    status: Status
    breaches: tuple[Breach, ...]
    reasons: tuple[str, ...]
    retrain: bool

    def as_json(self) -> dict[str, Any]:
        """The decision as plain JSON types."""
        return {
            "status": self.status,
            "breaches": [asdict(breach) for breach in self.breaches],
            "reasons": [*self.reasons],
            "retrain": self.retrain,
        }


def decide(
    auc: AucNumbers,
    psi: DriftNumbers,
    thresholds: Thresholds | None = None,
    estimate: AucNumbers | None = None,
    faults: Sequence[str] = (),
    loans: AucLoans | None = None,
) -> Decision:
    """The decision on unrounded metrics: AUC < 0.70 or PSI >= 0.2 is a breach and leads to a retraining.

    With `faults`, sentences on what is broken in the data, the status is `data fault`, and nothing leads to a
    retraining: a model that learns from broken data keeps the fault.

    A metric that is not measured (None, NaN, an AUC without interval) is insufficient: it never leads to a retraining,
    and never hides a breach or a warning of the other metric. A PSI from `psi_watch` on and above its noise level, and
    an `estimate` of the AUC with its whole interval below the threshold, turn healthy or insufficient into watch. An
    estimate never makes a breach, and a high one changes nothing. `loans` are those of the AUC, for the sentences.
    """
    limits, judged = thresholds or Thresholds(), loans or AucLoans()
    breaches = (*_auc_breaches(auc, limits), *_psi_breaches(psi, limits))
    measured = _number(auc.value) is not None and _number(auc.high) is not None, _number(psi.value) is not None
    warnings = (*_psi_warnings(psi, limits), *_estimate_warnings(estimate, limits))
    status: Status = "breach" if breaches else "watch" if warnings else "healthy" if all(measured) else "insufficient"
    if faults:
        status = DATA_FAULT
    told = (_breach_sentence(breach, judged) for breach in breaches)
    reasons = (*faults, *told, *warnings, *_gap_sentences(measured, judged, limits))
    return Decision(status, breaches, reasons, retrain=status == "breach")


def with_stale(decision: Decision, stale: Sequence[str]) -> Decision:
    """The decision when extracts are stale, as these sentences say; the same decision when there are none.

    The status is `stale`, unless there is a data fault, which is worse. Breaches and their sentences stay, but lead to
    no retraining: one on old data can't help.
    """
    if not stale:
        return decision
    if decision.status == DATA_FAULT:
        return replace(decision, reasons=(*decision.reasons, *stale), retrain=False)
    return Decision("stale", decision.breaches, (*stale, *decision.reasons), retrain=False)


def _auc_breaches(auc: AucNumbers, limits: Thresholds) -> Iterator[Breach]:
    value, high = _number(auc.value), _number(auc.high)
    if value is not None and high is not None and value < limits.auc:
        yield Breach("auc", value, limits.auc, confirmed=high < limits.auc)


def _psi_breaches(psi: DriftNumbers, limits: Thresholds) -> Iterator[Breach]:
    value, level = _number(psi.value), _number(psi.chance_level)
    if value is not None and value >= limits.psi:
        yield Breach("psi", value, limits.psi, confirmed=level is not None and value > level)


def _psi_warnings(psi: DriftNumbers, limits: Thresholds) -> Iterator[str]:
    value, level = _number(psi.value), _number(psi.chance_level)
    if value is not None and level is not None and limits.psi_watch <= value < limits.psi and value > level:
        rounded = rounded_apart(value, limits.psi)
        watched = two_decimals(limits.psi_watch)
        yield f"PSI {rounded} is at or above {watched} and above its noise level, {level:.3f} (warning)."


def _estimate_warnings(estimate: AucNumbers | None, limits: Thresholds) -> Iterator[str]:
    value, high = (None, None) if estimate is None else (_number(estimate.value), _number(estimate.high))
    if value is not None and high is not None and high < limits.auc:
        told = f"{rounded_apart(value, limits.auc)} (95% interval up to {rounded_apart(high, limits.auc)})"
        threshold = two_decimals(limits.auc)
        yield f"The estimated AUC of loans without an outcome, {told}, is below {threshold} (warning)."


def _breach_sentence(breach: Breach, loans: AucLoans) -> str:
    value = rounded_apart(breach.value, breach.threshold)
    if breach.metric == "auc":
        sure = "confirmed: its whole" if breach.confirmed else "not confirmed: only part of its"
        of = f" of the loans of {loans.months} ({loans.defaults:,} defaults)" if loans.months and loans.defaults else ""
        return f"AUC {value}{of} is below {two_decimals(breach.threshold)} ({sure} 95% interval is below)."
    sure = "confirmed: above the noise level" if breach.confirmed else "not confirmed: within the noise level"
    return f"PSI {value} is at or above {two_decimals(breach.threshold)} ({sure})."


def _gap_sentences(measured: tuple[bool, bool], loans: AucLoans, limits: Thresholds) -> Iterator[str]:
    auc_measured, psi_measured = measured
    if not auc_measured:
        yield f"AUC is not measured: {auc_gap(loans, limits)}."
    if not psi_measured:
        yield "PSI is not measured: too few loans in the current window."


def auc_gap(loans: AucLoans, limits: Thresholds) -> str:
    """Why an AUC is not measured: too few defaults, or outcomes that give no interval."""
    if loans.defaults is None:
        return "there are too few defaults among its loans, or outcomes of one class only"
    if not loans.months:
        return f"no cohort month has all its outcomes yet, and {limits.least_defaults:,} defaults are needed"
    if loans.defaults < limits.least_defaults:
        have = f"{loans.defaults:,} default{'' if loans.defaults == 1 else 's'}"
        return f"the loans of {loans.months} have {have}, and {limits.least_defaults:,} are needed"
    return f"the loans of {loans.months} have outcomes of one class only, or an AUC of exactly 0 or 1"


def _number(value: float | None) -> float | None:
    """The value; None when it is missing or NaN, because NaN is neither below nor above a threshold."""
    return None if value is None or math.isnan(value) else value
