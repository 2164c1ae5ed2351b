"""Declarations that can't work are refused before anything runs."""

import pytest

from engine.definitions.task import Pipeline, Task, function_named, settings_of
from engine.errors import BadPipeline
from storage.lake.names import SCORED, is_table_name
from storage.settings import Settings
from tests.retail import INFERENCE, MONITORING, PIPELINES, TRAINING


def named(name: str, **more: object) -> Task:
    return Task(name, "tests.engine.sample_tasks:works", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tasks", "complaint"),
    [
        ((named("a"), named("a")), "'a' is declared twice"),
        ((named("a", upstream=("b",)),), "upstream task 'b' of a does not exist"),
        ((named("a", upstream=("b",)), named("b", upstream=("a",))), "form a cycle: "),
        ((named("a", writes=(SCORED,)), named("b", writes=(SCORED,))), f"'{SCORED}' is declared twice"),
        ((named("a", writes=(SCORED,)), named("b", reads=(SCORED,))), "is not downstream of a"),
        ((Task("a", "nowhere"),), "is not a `module:function`"),
    ],
)
def test_a_bad_graph_is_refused(tasks: tuple[Task, ...], complaint: str) -> None:
    with pytest.raises(BadPipeline, match=complaint):
        Pipeline("p", tasks)


def test_a_function_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadPipeline, match=r"no function jobs\.gold\.training_data:nothing"):
        function_named("jobs.gold.training_data:nothing")


def test_the_pipelines_have_the_tasks_of_the_design() -> None:
    assert [len(pipeline.tasks) for pipeline in (TRAINING, INFERENCE, MONITORING)] == [12, 4, 6]
    assert [task.name for task in MONITORING.tasks] == [
        "fetch_predictions_and_actuals",
        "calculate_monitoring_metrics",
        "store_monitoring_results_gold",
        "visualize_monitoring_dashboard",
        "model_governance_gate",
        "trigger_retraining_dag",
    ]
    assert TRAINING.all_upstream["remove_flagged_customers"] >= {"clean_clickstream", "ingest_lms_loan_daily"}
    assert not INFERENCE.all_upstream["retrieve_best_model"]
    assert "visualize_monitoring_dashboard" not in MONITORING.all_upstream["model_governance_gate"]


@pytest.mark.parametrize(
    "task", [task for pipeline in PIPELINES.values() for task in pipeline.tasks], ids=lambda t: t.name
)
def test_every_declared_function_table_and_setting_exists(task: Task) -> None:
    for reference in task.functions:
        assert callable(function_named(reference))
    assert all(is_table_name(table) for table in (*task.reads, *task.writes))
    assert set(task.settings) <= set(Settings.model_fields)
    assert task.retries == 2
    assert task.limit > 0


def test_parameters_of_a_pipeline_are_the_settings_of_its_tasks() -> None:
    assert settings_of(TRAINING) == {
        "exact_fit_rows",
        "quarantine_limit",
        "shrink_limit",
        "extract_limit",
        "feature_set",
        "candidates",
        "cut_off",
        "auc_threshold",
        "anchor_margin",
        "promote",
        "require_approval",
        "verify",
    }
    assert not any("shrink_limit" in task.settings for task in TRAINING.tasks)  # the engine reads it
    assert settings_of(MONITORING) == {
        "auc_threshold",
        "psi_threshold",
        "auc_defaults",
        "auc_least_defaults",
        "drift_rows",
        "lgd",
        "verify",
    }
