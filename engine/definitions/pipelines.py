"""The three pipelines of a book: their tasks, with upstream tasks, and the tables that each reads and writes."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from engine.definitions.task import Pipeline, Task
from engine.errors import BadPipeline
from jobs.book.columns import Source
from jobs.book.declaration import Book
from storage.lake import names as t

BRONZE_SETTINGS = ("quarantine_limit", "extract_limit")
# Bytes of memory that a call waits for: one that holds the columns of a bucket of customers, and one of less.
BUCKET, BESIDE_OTHERS = 3 * 512 * 1024**2, 512 * 1024**2
GATE_SETTINGS = ("auc_threshold", "auc_least_defaults", "psi_threshold")


def pipelines_of(book: Book, more: Sequence[Pipeline] = ()) -> Mapping[str, Pipeline]:
    """The pipelines by name: training, inference and monitoring of the book, and `more` that a lender declares.

    BadPipeline when two have one name, or a task names a dataset that the book does not have.
    """
    named = {pipeline.name: pipeline for pipeline in (training(book), inference(book), monitoring(book))}
    for pipeline in more:
        if pipeline.name in named:
            raise BadPipeline(f"Pipeline {pipeline.name}: the name is already taken; choose another one.")
        for task in pipeline.tasks:
            unknown = {*task.extracts, *([task.source] if task.source else [])} - book.by_dataset.keys()
            if unknown:
                raise BadPipeline(
                    f"Pipeline {pipeline.name}: task {task.name} names the dataset {min(unknown)!r}; the book has "
                    f"{', '.join(book.by_dataset)}."
                )
        named[pipeline.name] = pipeline
    return MappingProxyType(named)


def ingest(source: Source) -> Task:
    """The task that writes one dataset to bronze, with a partition for each file, several for a large one."""
    return Task(
        f"ingest_{source.dataset}",
        "jobs.bronze.ingest:ingest",
        writes=(source.bronze_table, source.quarantine_table),
        extracts=(source.dataset,),
        settings=BRONZE_SETTINGS,
        split="jobs.bronze.ingest:file_numbers",
        collect="jobs.bronze.ingest:whole_files",
        limit=3600,
        memory=BESIDE_OTHERS,
        source=source.dataset,
    )


def clean(source: Source) -> Task:
    """The task that cleans one bronze table, with one partition for each file that the table was made of."""
    return Task(
        f"clean_{source.silver}",
        "jobs.silver.clean:clean",
        upstream=(f"ingest_{source.dataset}",),
        reads=(source.bronze_table,),
        writes=(source.staged_table,),
        split="jobs.silver.clean:part_numbers",
        limit=3600,
        memory=BESIDE_OTHERS,
        source=source.dataset,
    )


def training(book: Book) -> Pipeline:
    """Extracts to a registered model."""
    datasets = (*map(ingest, book.sources), *map(clean, book.sources))
    return Pipeline("training", (*datasets, *_gold_tasks(book), *_model_tasks(book)))


def _gold_tasks(book: Book) -> tuple[Task, ...]:
    """Cleaned tables to training data."""
    _, staged, silver = _tables(book)
    return (
        Task(
            "remove_flagged_customers",
            "jobs.silver.quality.removal:remove_flagged_customers",
            upstream=tuple(f"clean_{source.silver}" for source in book.sources),
            reads=staged,
            writes=silver,
            split="jobs.silver.buckets:bucket_numbers",
            collect="jobs.silver.quality.removal:silver_tables",
            limit=3600,
            memory=BUCKET,
        ),
        Task(
            "gold_feature_engineering",
            "jobs.gold.training_data:gold_feature_engineering",
            upstream=("remove_flagged_customers",),
            reads=silver,
            writes=(t.TRAINING_DATA, t.TRAINING_IMPUTED),
            split="jobs.gold.training_data:part_numbers",
            collect="jobs.gold.training_data:training_data",
            limit=3600,
            memory=BUCKET,
        ),
    )


def _model_tasks(book: Book) -> tuple[Task, ...]:
    """Training data to a registered model."""
    bronze, _, silver = _tables(book)
    return (
        Task(
            "train_evaluate_select_model",
            "jobs.modelling.fits:fit_candidate",
            upstream=("gold_feature_engineering",),
            reads=(t.TRAINING_DATA, t.TRAINING_IMPUTED),
            writes=(t.OUT_OF_FOLD_SCORES,),
            settings=("feature_set", "candidates", "cut_off", "exact_fit_rows"),
            split="jobs.modelling.candidates:fit_names",
            collect="jobs.modelling.training:select_model",
            limit=7200,
            memory=BESIDE_OTHERS,
        ),
        Task(
            "store_best_model",
            "jobs.modelling.training:store_best_model",
            upstream=("train_evaluate_select_model",),
            reads=(t.TRAINING_DATA, t.TRAINING_IMPUTED, *silver, *bronze),
            settings=("auc_threshold", "anchor_margin", "require_approval", "promote"),
            uses_champion=True,
            uses_anchor=True,
        ),
    )


def inference(book: Book) -> Pipeline:
    """Extracts and the champion to predictions."""
    bronze, staged, _ = _tables(book)
    datasets = tuple(source.dataset for source in book.sources)
    quarantine = tuple(source.quarantine_table for source in book.sources)
    return Pipeline(
        "inference",
        (
            Task(
                "prepare_inference_data",
                "jobs.modelling.inference:refresh_dataset",
                reads=(*bronze, *staged),
                writes=(*bronze, *quarantine, *staged, t.INFERENCE_FEATURES, t.INFERENCE_IMPUTED),
                extracts=datasets,
                settings=BRONZE_SETTINGS,
                split=datasets,
                collect="jobs.modelling.inference:prepare_inference_data",
                limit=3600,
                memory=BUCKET,
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


def monitoring(book: Book) -> Pipeline:
    """Predictions and outcomes to metrics, a dashboard and the decision of the gate."""
    return Pipeline("monitoring", (*_metric_tasks(book), *_governance_tasks()))


def _metric_tasks(book: Book) -> tuple[Task, ...]:
    """Predictions and outcomes to metrics and a dashboard."""
    _, staged, _ = _tables(book)
    return (
        Task(
            "fetch_predictions_and_actuals",
            "jobs.monitoring.actuals:fetch_predictions_and_actuals",
            reads=(t.PREDICTIONS, t.INFERENCE_FEATURES, t.INFERENCE_IMPUTED, book.outcomes.staged_table),
            writes=(t.OUTCOMES,),
            uses_champion=True,
        ),
        Task(
            "calculate_monitoring_metrics",
            "jobs.monitoring.metrics:calculate_monitoring_metrics",
            upstream=("fetch_predictions_and_actuals",),
            reads=(t.OUTCOMES, *staged),
            settings=("auc_defaults", "drift_rows", "lgd", *GATE_SETTINGS),
            uses_champion=True,
            dated=True,
            uses_rejection=True,
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
    )


def _governance_tasks() -> tuple[Task, ...]:
    """Metrics to the decision of the gate."""
    return (
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
    )


def _tables(book: Book) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The bronze, staged and silver tables of a book."""
    return (
        tuple(source.bronze_table for source in book.sources),
        tuple(source.staged_table for source in book.sources),
        tuple(source.silver_table for source in book.sources),
    )
