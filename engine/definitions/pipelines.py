"""The three pipelines: their tasks, with upstream tasks, and the tables that each reads and writes."""

from collections.abc import Mapping

from engine.definitions.task import Pipeline, Task
from jobs.bronze.sources import SOURCES
from storage.lake import names as t

BRONZE_SETTINGS = ("quarantine_limit", "extract_limit")
GATE_SETTINGS = ("auc_threshold", "psi_threshold")


def ingest(name: str, dataset: str, table: str) -> Task:
    """The task that writes one dataset to bronze, with one partition for each file."""
    return Task(
        name,
        "jobs.bronze.ingest:ingest",
        writes=(table, f"quarantine.{dataset}"),
        extracts=(dataset,),
        settings=BRONZE_SETTINGS,
        split="jobs.bronze.ingest:file_numbers",
        limit=3600,
    )


def clean(name: str, upstream: str, table: str, cleaned: str) -> Task:
    """The task that cleans one bronze table, with one partition for each part of the table."""
    return Task(
        name,
        "jobs.silver.clean:clean",
        upstream=(upstream,),
        reads=(table,),
        writes=(cleaned,),
        split="jobs.silver.clean:part_numbers",
        limit=3600,
    )


TRAINING = Pipeline(
    "training",
    (
        ingest("ingest_feature_clickstream", "feature_clickstream", t.BRONZE_CLICKSTREAM),
        ingest("ingest_features_attributes", "features_attributes", t.BRONZE_ATTRIBUTES),
        ingest("ingest_features_financials", "features_financials", t.BRONZE_FINANCIALS),
        ingest("ingest_lms_loan_daily", "lms_loan_daily", t.BRONZE_LOANS),
        clean("clean_clickstream", "ingest_feature_clickstream", t.BRONZE_CLICKSTREAM, t.STAGED_CLICKSTREAM),
        clean("clean_attributes", "ingest_features_attributes", t.BRONZE_ATTRIBUTES, t.STAGED_ATTRIBUTES),
        clean("clean_financials", "ingest_features_financials", t.BRONZE_FINANCIALS, t.STAGED_FINANCIALS),
        clean("clean_loan_daily", "ingest_lms_loan_daily", t.BRONZE_LOANS, t.STAGED_LOANS),
        Task(
            "remove_flagged_customers",
            "jobs.silver.quality:remove_flagged_customers",
            upstream=("clean_clickstream", "clean_attributes", "clean_financials", "clean_loan_daily"),
            reads=t.STAGED,
            writes=t.SILVER,
            limit=3600,
            cpus=2,
        ),
        Task(
            "gold_feature_engineering",
            "jobs.gold.training_data:gold_feature_engineering",
            upstream=("remove_flagged_customers",),
            reads=t.SILVER,
            writes=(t.TRAINING_DATA,),
            limit=3600,
            cpus=2,
        ),
        Task(
            "train_evaluate_select_model",
            "jobs.modelling.training:fit_candidate",
            upstream=("gold_feature_engineering",),
            reads=(t.TRAINING_DATA,),
            settings=("feature_set",),
            split="jobs.modelling.candidates:candidate_names",
            collect="jobs.modelling.training:select_model",
            limit=7200,
        ),
        Task(
            "store_best_model",
            "jobs.modelling.training:store_best_model",
            upstream=("train_evaluate_select_model",),
            reads=(t.TRAINING_DATA, *t.SILVER, *t.BRONZE),
            settings=("auc_threshold",),
            uses_champion=True,
        ),
    ),
)

INFERENCE = Pipeline(
    "inference",
    (
        Task(
            "prepare_inference_data",
            "jobs.modelling.inference:refresh_dataset",
            reads=(*t.BRONZE, *t.STAGED),
            writes=(*t.BRONZE, *t.QUARANTINE, *t.STAGED, t.INFERENCE_FEATURES),
            extracts=tuple(SOURCES),
            settings=BRONZE_SETTINGS,
            split=tuple(SOURCES),
            collect="jobs.modelling.inference:prepare_inference_data",
            limit=3600,
        ),
        Task("retrieve_best_model", "jobs.modelling.inference:retrieve_best_model", uses_champion=True),
        Task(
            "make_predictions",
            "jobs.modelling.inference:make_predictions",
            upstream=("prepare_inference_data", "retrieve_best_model"),
            reads=(t.INFERENCE_FEATURES,),
            writes=(t.SCORED,),
            uses_champion=True,
            dated=True,
        ),
        Task(
            "store_predictions_gold",
            "jobs.modelling.inference:store_predictions_gold",
            upstream=("make_predictions",),
            reads=(t.SCORED,),
            writes=(t.PREDICTIONS,),
        ),
    ),
)

MONITORING = Pipeline(
    "monitoring",
    (
        Task(
            "fetch_predictions_and_actuals",
            "jobs.monitoring.actuals:fetch_predictions_and_actuals",
            reads=(t.PREDICTIONS, t.INFERENCE_FEATURES, t.STAGED_LOANS),
            writes=(t.OUTCOMES,),
            uses_champion=True,
        ),
        Task(
            "calculate_monitoring_metrics",
            "jobs.monitoring.metrics:calculate_monitoring_metrics",
            upstream=("fetch_predictions_and_actuals",),
            reads=(t.OUTCOMES,),
            settings=("auc_rows", "drift_rows", *GATE_SETTINGS),
            uses_champion=True,
        ),
        Task(
            "store_monitoring_results_gold",
            "jobs.monitoring.metrics:store_monitoring_results_gold",
            upstream=("calculate_monitoring_metrics",),
            reads=(t.MONITORING, t.MONITORING_COHORTS, t.MONITORING_FEATURES),
            writes=(t.MONITORING, t.MONITORING_COHORTS, t.MONITORING_FEATURES),
            dated=True,
        ),
        Task(
            "visualize_monitoring_dashboard",
            "jobs.monitoring.dashboard:visualize_monitoring_dashboard",
            upstream=("calculate_monitoring_metrics", "store_monitoring_results_gold"),
            reads=(t.MONITORING,),
            settings=GATE_SETTINGS,
            dated=True,
        ),
        Task(
            "model_governance_gate",
            "jobs.governance.gate:model_governance_gate",
            upstream=("calculate_monitoring_metrics",),
            settings=GATE_SETTINGS,
            dated=True,
        ),
        Task(
            "trigger_retraining_dag",
            "jobs.governance.gate:trigger_retraining_dag",
            upstream=("model_governance_gate",),
            dated=True,
        ),
    ),
)

PIPELINES: Mapping[str, Pipeline] = {pipeline.name: pipeline for pipeline in (TRAINING, INFERENCE, MONITORING)}
