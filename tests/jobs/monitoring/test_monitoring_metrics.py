import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from jobs.governance.gate import model_governance_gate
from jobs.job import Job
from jobs.monitoring.measures import by_cohort, newest_cohorts, score_shares
from jobs.monitoring.metrics import calculate_monitoring_metrics, store_monitoring_results_gold
from jobs.statistics.reference import numeric_reference
from storage.lake.names import (
    MONITORING,
    MONITORING_COHORTS,
    MONITORING_FEATURES,
    OUTCOMES,
)
from storage.ledger.models import ModelVersion
from tests.job_factory import JobFactory
from tests.sandbox import Sandbox

GATE = {
    "auc_threshold": 0.7, "psi_threshold": 0.2, "drift_rows": 150, "auc_defaults": 100, "auc_least_defaults": 50,
    "lgd": 0.45,
}  # fmt: skip


def outcomes(count: int, labels: Sequence[int | None], scores: Sequence[float], cohort: str = "2024-01") -> pa.Table:
    """Scored loans that nothing was fitted on."""
    return pa.table(
        {
            "loan_id": pa.array([f"l{number}" for number in range(count)], pa.string()),
            "predicted_label": pa.array([int(score > 0.5) for score in scores], pa.int8()),
            "predicted_proba": pa.array(scores, pa.float64()),
            "cohort": pa.array([cohort] * count, pa.string()),
            "label": pa.array(labels, pa.int8()),
            "fitted": pa.array([False] * count, pa.bool_()),
            "observed": pa.array([label is not None for label in labels], pa.bool_()),
        }
    )


def monitoring_job(job_factory: JobFactory, sandbox: Sandbox, table: pa.Table) -> Job:
    """A job that measures these outcomes of the deployment's champion, whose reference knows the scores alone."""
    champion = sandbox.champions()[0]
    reference = {"score": numeric_reference(np.linspace(0, 1, 500)).as_json(), "features": {}}
    job = job_factory.job(
        {OUTCOMES: table},
        settings=GATE,
        values={"fetch_predictions_and_actuals": {"version": champion.version, "fitted": 0}},
    )
    facts = job.models.folder.write("metadata.json", json.dumps({"reference": reference}).encode())
    model = ModelVersion(champion.version, "x", {"metadata": facts}, {}, {})
    return job_factory.job({OUTCOMES: table}, settings=GATE, values=job.values, champions=(model,))


def judged(job_factory: JobFactory, sandbox: Sandbox, table: pa.Table) -> tuple[dict[str, Any], bool]:
    """(the monitoring row, whether the gate asks for a retraining)."""
    measured = calculate_monitoring_metrics(monitoring_job(job_factory, sandbox, table))
    gate = job_factory.job(settings=GATE, values={"calculate_monitoring_metrics": measured.values})
    return measured.values["row"], bool(model_governance_gate(gate).values["retrain"])


@pytest.mark.parametrize(
    "scores",
    [
        [0.1, 0.9, 0.3, 0.8, 0.5, 0.4, 0.7, 0.2, 0.6, 0.55],
        [0.5] * 10,
        [1.0 - number / 10 for number in range(10)],
    ],
)
def test_ten_rows_are_insufficient_and_ask_for_nothing(
    job_factory: JobFactory, trained_sandbox: Sandbox, scores: list[float]
) -> None:
    row, retrain = judged(job_factory, trained_sandbox, outcomes(10, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], scores))
    assert (row["labelled"], row["window_rows"], row["psi"]) == (10, 10, None)
    assert row["status"] == "insufficient"
    assert not retrain


@pytest.mark.parametrize(("count", "status"), [(98, "insufficient"), (100, "breach")])
def test_an_auc_is_judged_from_50_defaults_on(
    job_factory: JobFactory, trained_sandbox: Sandbox, count: int, status: str
) -> None:
    labels = [number % 2 for number in range(count)]
    scores = [(number + 0.5) / count for number in range(count)]
    row, retrain = judged(job_factory, trained_sandbox, outcomes(count, labels, scores))
    assert (row["defaults"], row["status"], retrain) == (count // 2, status, status == "breach")
    if status == "insufficient":
        assert "AUC is not measured: the loans of 2024-01 have 49 defaults, and 50 are needed." in row["reason"]


def test_no_rows_at_all_are_insufficient(job_factory: JobFactory, trained_sandbox: Sandbox) -> None:
    row, retrain = judged(job_factory, trained_sandbox, outcomes(0, [], []))
    assert (row["labelled"], row["window_rows"], row["status"], retrain) == (0, 0, "insufficient", False)


def test_a_bad_ranking_of_many_rows_is_a_confirmed_breach(job_factory: JobFactory, trained_sandbox: Sandbox) -> None:
    labels = [number % 2 for number in range(400)]
    scores = [(number + 0.5) / 400 for number in range(400)]
    row, retrain = judged(job_factory, trained_sandbox, outcomes(400, labels, scores))
    assert row["auc"] == pytest.approx(0.5, abs=0.01)
    assert row["psi"] < 0.01
    assert (row["status"], retrain) == ("breach", True)


def test_drifted_scores_are_a_breach_before_any_label(job_factory: JobFactory, trained_sandbox: Sandbox) -> None:
    scores = [0.9 + number / 5000 for number in range(300)]
    row, retrain = judged(job_factory, trained_sandbox, outcomes(300, [None] * 300, scores))
    assert row["auc"] is None
    assert row["psi"] > 0.2
    assert row["psi"] > row["psi_chance_level"]
    assert (row["status"], retrain) == ("breach", True)


def test_the_newest_cohorts_are_whole_months_until_there_are_rows_enough() -> None:
    table = pa.table({"cohort": ["2024-03"] * 4 + ["2024-01"] * 10 + ["2023-12"] * 3 + ["2024-02"] * 5})
    found = {rows: newest_cohorts(table, rows)["cohort"].to_pylist() for rows in (1, 4, 5, 9, 10, 19, 22, 100)}
    assert {rows: len(cohorts) for rows, cohorts in found.items()} == {
        1: 4, 4: 4, 5: 9, 9: 9, 10: 19, 19: 19, 22: 22, 100: 22,
    }  # fmt: skip
    assert set(found[9]) == {"2024-03", "2024-02"}
    assert newest_cohorts(table.slice(0, 0), 5).num_rows == 0


def test_cohorts_are_judged_one_by_one() -> None:
    one = outcomes(4, [0, 1, None, 0], [0.1, 0.9, 0.5, 0.2], "2024-02")
    two = outcomes(2, [None, None], [0.1, 0.9], "2024-01")
    first, second = by_cohort(pa.concat_tables([one, two]))
    assert (first["cohort"], first["scored"], first["labelled"], first["auc"]) == ("2024-01", 2, 0, None)
    assert (second["cohort"], second["scored"], second["labelled"], second["defaults"]) == ("2024-02", 4, 3, 1)
    assert (second["auc"], second["precision"], second["recall"]) == (1.0, 1.0, 1.0)


def test_score_shares_are_of_the_reference_and_of_the_window() -> None:
    reference = numeric_reference(np.arange(100.0)).as_json()
    shares = score_shares(pa.table({"predicted_proba": [99.0, 98.0, 0.0, 99.0]}), reference)
    assert sum(share["reference_share"] for share in shares) == pytest.approx(1)
    assert [share["current_share"] for share in shares][-2:] == [0.75, 0.0]
    assert shares[0]["current_share"] == 0.25
    assert shares[-1]["bin"] == "MISSING"


def test_rows_of_an_earlier_release_have_null_in_the_columns_that_are_new(
    job_factory: JobFactory, trained_sandbox: Sandbox
) -> None:
    found = calculate_monitoring_metrics(monitoring_job(job_factory, trained_sandbox, outcomes(2, [0, 1], [0.1, 0.9])))
    old = pa.table({"monitoring_date": pa.array([date(2023, 12, 1)], pa.date32()), "auc": [0.71], "labelled": [300]})
    job = job_factory.job(
        {MONITORING: old}, as_of=date(2024, 2, 1), values={"calculate_monitoring_metrics": found.values}
    )
    first, second = job.datamart.read(store_monitoring_results_gold(job).tables[0]).to_pylist()
    assert (first["auc"], first["labelled"], first["auc_from"], first["labelled_pooled"]) == (0.71, 300, None, None)
    assert (second["auc_from"], second["auc_to"], second["labelled_pooled"]) == ("2024-01", "2024-01", 2)


def test_results_are_stored_beside_those_of_other_dates(job_factory: JobFactory, trained_sandbox: Sandbox) -> None:
    found = calculate_monitoring_metrics(monitoring_job(job_factory, trained_sandbox, outcomes(2, [0, 1], [0.1, 0.9])))
    values = {"calculate_monitoring_metrics": found.values}
    job = job_factory.job(as_of=date(2024, 2, 1), values=values)
    first = {table.table: job.datamart.read(table) for table in store_monitoring_results_gold(job).tables}
    assert set(first) == {MONITORING, MONITORING_COHORTS, MONITORING_FEATURES}
    later = JobFactory(job_factory.folder / "later").job(first, as_of=date(2024, 1, 1), values=values)
    outcome = store_monitoring_results_gold(later)
    rows = later.datamart.read(outcome.tables[0])
    assert rows["monitoring_date"].to_pylist() == [date(2024, 1, 1), date(2024, 2, 1)]
    assert rows.schema.equals(first[MONITORING].schema)
    assert outcome.rows_out == 2


def test_the_mean_score_of_the_window_is_kept(job_factory: JobFactory, trained_sandbox: Sandbox) -> None:
    found = calculate_monitoring_metrics(monitoring_job(job_factory, trained_sandbox, outcomes(2, [0, 1], [0.1, 0.4])))
    assert found.values["mean_score"] == pytest.approx(0.25)
