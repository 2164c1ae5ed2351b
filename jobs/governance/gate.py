"""The governance gate: the decision on the champion's metrics, and the request for a retraining."""

from collections.abc import Mapping
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

from jobs.governance.breaches import AucLoans, Decision, Thresholds, decide, with_stale
from jobs.governance.sentences import months_text, pooled_sentence, window_sentence
from jobs.job import Job, TaskResult, log
from jobs.statistics.drift import MODERATE


def thresholds_of(job: Job) -> Thresholds:
    """The thresholds of this job's settings."""
    psi, auc = float(job.settings["psi_threshold"]), float(job.settings["auc_threshold"])
    return Thresholds(auc, psi, min(MODERATE, psi), int(job.settings["auc_least_defaults"]))


def decision_on(row: Mapping[str, Any], thresholds: Thresholds) -> Decision:
    """The decision on the metrics of one monitoring date.

    With a stale extract the status is `stale`, whatever AUC and PSI are, and no retraining is requested: the models
    would learn and be measured on old data again. A breach stays among the reasons.
    """
    measured = row["auc_status"] == "measured"
    auc = SimpleNamespace(value=row["auc"] if measured else None, high=row["auc_high"] if measured else None)
    psi = SimpleNamespace(value=row["psi"], chance_level=row["psi_chance_level"])
    estimate = SimpleNamespace(value=row.get("auc_estimate"), high=row.get("auc_estimate_high"))
    loans = AucLoans(months_text(row.get("auc_from"), row.get("auc_to")), row.get("defaults"))
    decision = decide(auc, psi, thresholds, estimate, row.get("faults", ()), loans)
    return with_stale(decision, row.get("stale_reasons", ()))


def model_governance_gate(job: Job) -> TaskResult:
    """The decision on this monitoring date's metrics. It is recorded when the run commits."""
    row = job.values["calculate_monitoring_metrics"]["row"]
    thresholds = thresholds_of(job)
    decision = decision_on(row, thresholds)
    reasons = decision.reasons or ("AUC and PSI are within their thresholds.",)
    told = (*reasons, pooled_sentence(row), window_sentence(row, job.as_of))
    reason = " ".join(sentence for sentence in told if sentence)
    log.info("%s: %s", decision.status, reason)
    numbers = {**row, **decision.as_json(), "thresholds": asdict(thresholds)}
    values = {"status": decision.status, "reason": reason, "retrain": decision.retrain, "numbers": numbers}
    return TaskResult(values=values, decision=values)


def trigger_retraining_dag(job: Job) -> TaskResult:
    """A request for a training run when the gate's decision is to retrain; skipped otherwise."""
    gate = job.values["model_governance_gate"]
    if not gate["retrain"]:
        return TaskResult(skipped=f"the status is {gate['status']}")
    log.info("a retraining is due: %s", gate["reason"])  # whether it is requested is decided at the commit
    return TaskResult(request={"pipeline": "training", "reason": gate["reason"], "numbers": gate["numbers"]})
