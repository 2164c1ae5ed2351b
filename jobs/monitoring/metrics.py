"""The monitoring metrics: the champion's discrimination on known outcomes, and the drift of its scores and features."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jobs.gold.arrears import IN_ARREARS
from jobs.gold.features import EXPOSURE
from jobs.governance.breaches import Thresholds
from jobs.governance.gate import decision_on, thresholds_of
from jobs.governance.sentences import months_text
from jobs.job import Job, TaskResult, log
from jobs.modelling.champion import model_of
from jobs.modelling.data_faults import DataFault, data_faults, fault_sentences
from jobs.monitoring.arrears import arrears_facts
from jobs.monitoring.measures import (
    auc_facts,
    by_cohort,
    drifts,
    estimated_auc_of_waiting,
    feature_bins,
    first_and_last,
    gate_window,
    months_of,
    newest_cohorts,
    score_shares,
    window_facts,
)
from jobs.monitoring.ranking import ranking_of
from jobs.monitoring.schemas import BREACHABLE, COHORT_SCHEMA, FEATURE_SCHEMA, MONITORING_SCHEMA
from jobs.monitoring.validation import validation_of
from jobs.silver.staleness import ages, newest_days, stale_sentences
from jobs.statistics.faults import LEAST_NEWEST
from jobs.statistics.risk_curves import Curve, risk_curve_from_json
from jobs.statistics.rounding import four_decimals
from storage.lake.names import (
    MONITORING,
    MONITORING_COHORTS,
    MONITORING_FEATURES,
    OUTCOMES,
)

MEASURED = ("cohort", "label", "observed", "predicted_proba", "predicted_label", IN_ARREARS, EXPOSURE)


def calculate_monitoring_metrics(job: Job) -> TaskResult:
    """AUC, precision, recall and F1 of the newest mature cohorts; PSI and CSI of the newest cohorts.

    Loans that were used in training are left out. The gate judges the AUC of the newest mature cohorts; beside it are
    the one of all known outcomes, and the AUC estimated by the champion's risk curve for loans without an outcome yet.
    """
    fetched = job.values["fetch_predictions_and_actuals"]
    metadata = json.loads(job.models.read(model_of(job, fetched["version"]).files["metadata"]))
    curve = _risk_curve(metadata)
    rows = int(job.settings["drift_rows"])
    unseen = unseen_loans(job, (*MEASURED, *(segment.feature for segment in job.book.segments)))
    newest = _newest_with_features(job, unseen, metadata, max(rows, LEAST_NEWEST))
    window = newest_cohorts(newest, rows)
    score, features = drifts(window, metadata["reference"], rows)
    faults = faults_of(job, newest, metadata["reference"])
    defaults, least = (int(job.settings[name]) for name in ("auc_defaults", "auc_least_defaults"))
    of_auc, confusion = auc_facts(unseen, defaults, least)
    facts = {
        **of_auc,
        **arrears_facts(gate_window(unseen, defaults)),
        **estimated_auc_of_waiting(unseen, curve, rows),
        **window_facts(window, score),
        **_about_model(fetched, metadata),
        **_staleness(job),
        "faults": _fault_sentences(job, faults),
    }
    values = {
        "row": _judged(job, facts),
        "cohorts": by_cohort(unseen, curve),
        "features": features,
        "faulty": {fault.feature: fault.sentence for fault in faults},
        **_imputation(fetched),
        **_distributions(window, metadata["reference"]),
        "confusion": confusion,
        "ranking": ranking_of(unseen, defaults, of_auc),
        **_judged_by(job),
        "validation": _validation(job, unseen, metadata),
    }
    return TaskResult(rows_in=job.table(OUTCOMES).rows, rows_out=unseen.num_rows, values=values)


def _newest_with_features(job: Job, unseen: pa.Table, metadata: Mapping[str, Any], rows: int) -> pa.Table:
    """The loans of the newest cohort months that have so many rows, with the features whose drift is measured."""
    since = first_and_last(newest_cohorts(unseen, rows))[0] or ""
    return unseen_loans(job, (*MEASURED, *metadata["reference"]["features"]), since)


def _imputation(fetched: Mapping[str, Any]) -> dict[str, Any]:
    """Whether drift is that of values before imputation, and why not."""
    return {
        "before_imputation": fetched.get("before_imputation", False),
        "after_imputation": fetched.get("after_imputation", ""),
    }


def unseen_loans(job: Job, columns: Sequence[str], since: str = "") -> pa.Table:
    """These columns, where there are such, of the outcomes of loans that the model was not fitted on.

    They are of the cohort months from `since` on, and are read a row group at a time, so that the others are not held.
    """
    version, found = job.table(OUTCOMES), []
    there = job.datamart.head(version, 0).column_names
    wanted = [name for name in dict.fromkeys((*columns, "fitted", "cohort")) if name in there]
    for rows in job.datamart.groups(version, columns=wanted):
        chosen = pc.and_(pc.invert(rows["fitted"]), pc.greater_equal(rows["cohort"], since))
        found.append(rows.filter(chosen))
    return pa.concat_tables(found, promote_options="default")


def _risk_curve(metadata: Mapping[str, Any]) -> Curve | None:
    """The champion's risk curve; None for an old champion, which has none, so that nothing is estimated."""
    return risk_curve_from_json(metadata["risk_curve"]) if "risk_curve" in metadata else None


def _judged_by(job: Job) -> dict[str, Any]:
    """What the date was judged by, for reports of a later day."""
    return {"thresholds": asdict(thresholds_of(job)), "drift_rows": int(job.settings["drift_rows"])}


def _about_model(fetched: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The champion that is judged, its cut-off, and the loans that no metric counts."""
    return {
        "fitted_left_out": fetched["fitted"],
        **{f"flagged_{name}": number for name, number in fetched.get("flagged_loans", {}).items()},
        "model_version": fetched["version"],
        "cut_off": metadata.get("cut_off", {}).get("probability"),
    }


def _distributions(window: pa.Table, reference: Mapping[str, Any]) -> dict[str, Any]:
    """The bins of features and scores in the window: stored with the run, because vacuum deletes the outcomes."""
    return {
        "bins": feature_bins(window, reference),
        "scores": score_shares(window, reference["score"]),
        "mean_score": pc.mean(window["predicted_proba"]).as_py(),
    }


def _validation(job: Job, unseen: pa.Table, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """The validation of the champion, and whether it is calibrated: models of earlier releases keep no cut-off."""
    return {**validation_of(unseen, job.book, float(job.settings["lgd"])), "calibrated": "cut_off" in metadata}


def faults_of(job: Job, unseen: pa.Table, reference: Mapping[str, Any]) -> list[DataFault]:
    """The data faults of all loans of the window, then those that only the loans of its newest months have.

    The newest months are as many as needed for `LEAST_NEWEST` loans, so that a feed that broke last month is told
    before its loans are most of the window.
    """
    rows = int(job.settings["drift_rows"])
    of_all = data_faults(newest_cohorts(unseen, rows), reference, job.book, rows)
    newest = newest_cohorts(unseen, LEAST_NEWEST)
    of_newest = data_faults(newest, reference, job.book, LEAST_NEWEST, f"loans of {months_of(newest)}")
    told = {fault.feature for fault in of_all}
    return [*of_all, *(fault for fault in of_newest if fault.feature not in told)]


def _fault_sentences(job: Job, faults: Sequence[DataFault]) -> list[str]:
    """Why the newest delivery was rejected, if it was, and the sentences of the faults, one for each kind of fault.

    The log has one for each feature.
    """
    rejection = [job.rejection] if job.rejection else []
    for sentence in [*rejection, *(fault.sentence for fault in faults)]:
        log.warning("data fault: %s", sentence)
    return [*rejection, *fault_sentences(faults)]


def _judged(job: Job, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The row of the monitoring date, with its status."""
    row = row_with_status(facts, thresholds_of(job))
    log.info("AUC %s of the loans of %s (%d defaults), %s of all %d with an outcome", *_auc_texts(row))
    if row["estimate_rows"]:
        estimate = four_decimals(row["auc_estimate"])
        log.info("AUC %s, estimated on %d loans without an outcome", estimate, row["estimate_rows"])
    log.info("PSI %s on %d loans", four_decimals(row["psi"]), row["window_rows"])
    return row


def _staleness(job: Job) -> dict[str, Any]:
    """The newest day of every dataset, and which of them are stale on the monitoring date and why."""
    known = ages(job.tables, job.book, job.as_of)
    reasons = stale_sentences(known, job.book)
    for reason in reasons:
        log.warning("%s", reason)
    stale = [age for age in known if age.state == "stale"]
    return {"stale": newest_days(stale) or None, "newest_data": newest_days(known), "stale_reasons": reasons}


def row_with_status(row: Mapping[str, Any], thresholds: Thresholds) -> dict[str, Any]:
    """The metrics of a monitoring date with status, its reason, and whether each crossed threshold is confirmed."""
    decision = decision_on(row, thresholds)
    confirmed: dict[str, bool] = {breach.metric: breach.confirmed for breach in decision.breaches}
    told = {"status": decision.status, "reason": " ".join(decision.reasons)}
    return {**row, **told, **{f"{name}_confirmed": confirmed.get(name) for name in BREACHABLE}}


def store_monitoring_results_gold(job: Job) -> TaskResult:
    """The monitoring tables with the rows of this monitoring date, which replace its earlier ones.

    Each cohort has its metrics and the forecast that was made before any of its outcomes was known.
    """
    metrics = job.values["calculate_monitoring_metrics"]
    day = {"monitoring_date": job.as_of}
    cohorts = with_forecasts(job, metrics["cohorts"])
    new = {
        MONITORING: pa.Table.from_pylist([{**day, **metrics["row"]}], MONITORING_SCHEMA),
        MONITORING_COHORTS: pa.Table.from_pylist([{**day, **row} for row in cohorts], COHORT_SCHEMA),
        MONITORING_FEATURES: pa.Table.from_pylist([{**day, **row} for row in metrics["features"]], FEATURE_SCHEMA),
    }
    tables = [job.write(name, [_extended(job, name, rows)]) for name, rows in new.items()]
    return TaskResult(1, tables[0].rows, {"cohorts": cohorts}, tables=tuple(tables))


def with_forecasts(job: Job, cohorts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The cohorts with `auc_forecast`: the newest earlier estimate, made when no outcome of the cohort was known."""
    earlier: dict[str, float] = {}
    if MONITORING_COHORTS in job.tables:
        before = job.read(MONITORING_COHORTS)
        for row in before.sort_by("monitoring_date").to_pylist() if "auc_estimate" in before.column_names else []:
            if row["monitoring_date"] < job.as_of and row["labelled"] == 0 and row["auc_estimate"] is not None:
                earlier[row["cohort"]] = row["auc_estimate"]
    return [{**cohort, "auc_forecast": earlier.get(cohort["cohort"])} for cohort in cohorts]


def _extended(job: Job, name: str, rows: pa.Table) -> pa.Table:
    if name not in job.tables:
        return rows
    before = job.read(name)
    kept = before.filter(pc.not_equal(before["monitoring_date"], pa.scalar(job.as_of, pa.date32())))
    # Old rows have null in columns that were added later.
    table = pa.concat_tables([rows.schema.empty_table(), kept, rows], promote_options="default")
    return table.select(rows.schema.names).combine_chunks().sort_by("monitoring_date")


def _auc_texts(row: Mapping[str, Any]) -> tuple[str, str, int, str, int]:
    months = months_text(row["auc_from"], row["auc_to"]) or "no mature cohort"
    return four_decimals(row["auc"]), months, row["defaults"], four_decimals(row["auc_pooled"]), row["labelled_pooled"]
