"""The verdict on a monitoring date in one sentence, from its row of the monitoring history."""

from collections.abc import Mapping
from typing import Any, Protocol

from jobs.governance.breaches import AucLoans, Thresholds, auc_gap
from jobs.governance.sentences import arrears_words, auc_loans, months_text, pooled_words, window_sentence
from jobs.statistics.rounding import count, rounded_apart, two_decimals
from storage.ledger.decisions import DATA_FAULT

ACTIONS = {
    "none": "",
    "requested": "the retraining rule requested a training",
    "suppressed": "the retraining rule requested no training",
    "escalated": "the model needs a review, because retraining did not help",
}
FAULT_ACTION = "a person must check the extracts, and no training is requested"


class Decided(Protocol):
    """A decision of the retraining rule, such as a row of the ledger."""

    @property
    def action(self) -> Any:
        """What the rule did: none, requested, suppressed or escalated."""


def verdict(row: Mapping[str, Any], decision: Decided | None, limits: Thresholds) -> str:
    """The sentence about a row of the monitoring history and the decision on it, if one is known."""
    parts = [auc_words(row, limits), psi_words(row, limits)]
    if row["psi"] is not None and (
        row["psi"] >= limits.psi or row["psi"] > max(limits.psi_watch, row["psi_chance_level"])
    ):
        parts.reverse()  # the drift stands first
    if row.get("status") == DATA_FAULT:
        parts.insert(0, FAULT_ACTION)
    elif decision is not None:
        parts.append(ACTIONS.get(decision.action, ""))
    return "; ".join(part for part in parts if part) + "."


def auc_words(row: Mapping[str, Any], limits: Thresholds) -> str:
    """The AUC that the gate judges in words, and the other two beside it.

    These are the AUC of all outcomes, and of the loans not in arrears at scoring.
    """
    beside = "".join(f"; it is {words}" for words in (pooled_words(row), arrears_words(row)) if words)
    return f"{judged_auc_words(row, limits)}{beside}"


def judged_auc_words(row: Mapping[str, Any], limits: Thresholds) -> str:
    """The AUC that the gate judges in words, with interval, loans and threshold; why there is none."""
    if row["auc_status"] != "measured":
        estimate = row["auc_estimate"]
        hint = f" (estimate without labels: {estimate:.3f})" if estimate is not None else ""
        return f"AUC is not measured, because {_auc_gap(row, limits)}{hint}"
    value = rounded_apart(row["auc"], limits.auc)
    numbers = f"(95% interval {row['auc_low']:.3f} to {row['auc_high']:.3f}, {auc_loans(row)})"
    if row["auc"] >= limits.auc:
        near = ", though its interval goes below" if row["auc_low"] < limits.auc else ""
        return f"AUC {value} {numbers} is above the minimum of {two_decimals(limits.auc)}{near}"
    sure = "with its whole interval" if row["auc_high"] < limits.auc else "but within noise"
    return f"AUC {value} {numbers} is below {two_decimals(limits.auc)}, {sure}"


def psi_words(row: Mapping[str, Any], limits: Thresholds) -> str:
    """The PSI in words, with the window's loans and cohorts, the noise level and the threshold."""
    if row["psi"] is None:
        return f"{count(row['window_rows'])} loans in the current window are too few to measure drift"
    value, level = rounded_apart(row["psi"], limits.psi), row["psi_chance_level"]
    cohorts = months_text(row["window_from"], row["window_to"])
    cohorts += ", there are no newer ones" if window_sentence(row, row["monitoring_date"]) else ""
    numbers = f"({count(row['window_rows'])} loans of {cohorts}; noise level (99%) {level:.3f})"
    if row["psi"] < limits.psi_watch:
        return f"the scores are stable, PSI {value} {numbers}"
    if row["psi"] < limits.psi and row["psi"] <= level:
        return f"the scores are stable, PSI {value} {numbers} is within noise"
    if row["psi"] < limits.psi:
        return f"the scores have moved, PSI {value} {numbers} is below {two_decimals(limits.psi)} and watched"
    sure = "" if row["psi"] > level else ", within noise"
    return f"the scores have drifted, PSI {value} {numbers} is at or above {two_decimals(limits.psi)}{sure}"


def _auc_gap(row: Mapping[str, Any], limits: Thresholds) -> str:
    """Why the AUC of a row is not measured; rows of an earlier release counted labelled loans, not defaults."""
    if row.get("labelled_pooled") is None:
        return f"{count(row['labelled'])} labelled loans are too few"
    return auc_gap(AucLoans(months_text(row["auc_from"], row["auc_to"]), int(row["defaults"])), limits)
