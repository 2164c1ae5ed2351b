import csv
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score

from jobs.gold.flagged import without_flagged
from jobs.job import Job
from jobs.monitoring.actuals import fetch_predictions_and_actuals
from storage.lake.names import MONITORING, MONITORING_COHORTS, MONITORING_FEATURES, PREDICTIONS, TRAINING_DATA
from tests.retail import SOURCES
from tests.sandbox import AS_OF, Sandbox

METRICS = ("auc", "auc_low", "auc_high", "precision", "recall", "f1")


def measured(sandbox: Sandbox) -> dict[str, Any]:
    """The monitoring row of the newest date."""
    row: dict[str, Any] = sandbox.table(MONITORING).sort_by("monitoring_date").to_pylist()[-1]
    return row


def area(scored: list[dict[str, Any]], truth: dict[str, int]) -> float:
    """The AUC of scored loans by scikit-learn."""
    found = roc_auc_score([truth[one["loan_id"]] for one in scored], [one["predicted_proba"] for one in scored])
    return float(found)


def rewritten(folder: Path, copy: Path, change: Any) -> Path:
    """A copy of a data folder whose ledger rows went through `change`."""
    shutil.copytree(folder, copy)
    path = copy / "lms_loan_daily.csv"
    with path.open(newline="", encoding="utf-8") as file:
        rows = [change(row) for row in csv.DictReader(file)]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, SOURCES["lms_loan_daily"].names)
        writer.writeheader()
        writer.writerows(row for made in rows for row in made)
    return copy


def test_the_metrics_are_those_of_the_unseen_rows(monitored_sandbox: Sandbox) -> None:
    sandbox = monitored_sandbox
    row, rows = measured(sandbox), sandbox.table(TRAINING_DATA)
    truth = {one["loan_id"]: one["label"] for one in rows.to_pylist() if one["split"] == "test"}
    scored = [one for one in sandbox.table(PREDICTIONS).to_pylist() if one["loan_id"] in truth]
    assert row["labelled_pooled"] == len(scored)
    assert row["auc_pooled"] == pytest.approx(area(scored, truth))
    # No train loan of a later month is left out here, so that every cohort is mature.
    defaults, months = 0, sorted({one["cohort"] for one in scored}, reverse=True)
    while months and defaults < 100:
        newest = months.pop(0)
        defaults += sum(truth[one["loan_id"]] for one in scored if one["cohort"] == newest)
    scored = [one for one in scored if one["cohort"] >= newest]
    assert (row["auc_from"], row["auc_to"]) == (newest, max(one["cohort"] for one in scored))
    labels = [truth[one["loan_id"]] for one in scored]
    chosen = [one["predicted_label"] for one in scored]
    assert row["auc"] == pytest.approx(roc_auc_score(labels, [one["predicted_proba"] for one in scored]))
    assert row["precision"] == pytest.approx(precision_score(labels, chosen))
    assert row["recall"] == pytest.approx(recall_score(labels, chosen))
    assert row["f1"] == pytest.approx(f1_score(labels, chosen))
    assert row["monitoring_date"] == AS_OF
    assert (row["auc_status"], row["psi_status"], row["status"]) == ("measured", "measured", "healthy")
    assert row["window_rows"] >= 150
    assert row["window_from"] <= row["window_to"] == "2025-04"
    cohorts = sandbox.table(MONITORING_COHORTS)
    assert (row["labelled"], row["defaults"]) == (len(labels), sum(labels))
    assert pc.sum(cohorts["labelled"]).as_py() == row["labelled_pooled"]
    assert pc.sum(cohorts["defaults"]).as_py() == row["defaults_pooled"]


def test_a_loan_counts_once_its_observation_date_has_come(sandbox: Sandbox) -> None:
    day = date(2024, 9, 1)
    sandbox.succeed("inference", day, force=True)
    sandbox.succeed("monitoring", day)
    features = without_flagged(sandbox.table("staged.inference_features"))
    known = pc.less_equal(features["observation_date"], pa.scalar(day, pa.date32()))
    fitted = pc.equal(features["split"], "train")
    assert measured(sandbox)["labelled_pooled"] == pc.sum(pc.and_(known, pc.invert(fitted))).as_py()
    cohorts = sandbox.table(MONITORING_COHORTS).to_pylist()
    assert [row["cohort"] for row in cohorts] == sorted(row["cohort"] for row in cohorts)
    assert cohorts[-1]["cohort"] == "2024-09"
    assert cohorts[-1]["labelled"] == 0
    assert cohorts[-1]["scored"] > 0
    assert all(cohorts[-1][name] is None for name in METRICS)


@pytest.mark.thorough
def test_nothing_matured_is_insufficient_and_asks_for_nothing(sandbox: Sandbox) -> None:
    day = date(2023, 5, 2)
    sandbox.succeed("inference", day, force=True)
    run = sandbox.succeed("monitoring", day)
    row = measured(sandbox)
    assert (row["labelled"], row["defaults"], row["labelled_pooled"], row["auc_from"]) == (0, 0, 0, None)
    assert {name: row[name] for name in METRICS} == dict.fromkeys(METRICS)
    assert (row["auc_status"], row["psi_status"], row["status"]) == ("insufficient", "insufficient", "insufficient")
    assert sandbox.states(run)["trigger_retraining_dag"] == "skipped"
    assert sandbox.governance_requests() == []
    assert [decision.action for decision in sandbox.decisions()] == ["none"]
    assert (sandbox.home / "reports" / "monitoring_dashboard_20230502.png").stat().st_size > 10_000


@pytest.mark.thorough
@pytest.mark.parametrize("overdue", ["0", "500"])
def test_labels_of_one_class_are_insufficient_and_ask_for_nothing(
    sandbox: Sandbox, tmp_path: Path, overdue: str
) -> None:
    folder = rewritten(Path(sandbox.data()), tmp_path / "one", lambda row: [row | {"overdue_amt": overdue}])
    sandbox.succeed("inference", data=str(folder))
    run = sandbox.succeed("monitoring")
    row = measured(sandbox)
    assert row["labelled_pooled"] > 150
    for pooled in ("", "_pooled"):
        assert row[f"defaults{pooled}"] == (0 if overdue == "0" else row[f"labelled{pooled}"])
    assert row["auc"] is row["auc_low"] is None
    assert (row["auc_status"], row["status"]) == ("insufficient", "insufficient")
    assert sandbox.states(run)["trigger_retraining_dag"] == "skipped"
    assert sandbox.governance_requests() == []
    assert (sandbox.home / "reports" / f"monitoring_dashboard_{AS_OF:%Y%m%d}.png").stat().st_size > 10_000


@pytest.mark.thorough
def test_a_date_that_is_monitored_again_replaces_its_rows(sandbox: Sandbox) -> None:
    days = [AS_OF, date(2025, 11, 1), AS_OF]
    for day in days:
        sandbox.succeed("inference", day, force=True)
        sandbox.succeed("monitoring", day, force=True)
    assert sandbox.table(MONITORING)["monitoring_date"].to_pylist() == sorted(set(days))
    cohorts = sandbox.table(MONITORING_COHORTS).select(["monitoring_date", "cohort"]).to_pylist()
    assert len({tuple(row.values()) for row in cohorts}) == len(cohorts)
    assert {row["monitoring_date"] for row in cohorts} == set(days)
    features = sandbox.table(MONITORING_FEATURES).select(["monitoring_date", "feature"]).to_pylist()
    assert len({tuple(row.values()) for row in features}) == len(features) == 30


@pytest.mark.thorough
def test_every_monitoring_date_has_its_row_though_nothing_changed(sandbox: Sandbox) -> None:
    days = [date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 9)]
    for day in days:
        sandbox.succeed("inference", day)
        sandbox.succeed("monitoring", day)
    assert sandbox.table(MONITORING)["monitoring_date"].to_pylist() == days


def test_monitoring_the_same_date_twice_is_one_row_and_nothing_new(monitored_sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "copy")
    before = sandbox.table(MONITORING)
    run = sandbox.succeed("monitoring")
    assert sandbox.table(MONITORING).equals(before)
    assert set(sandbox.states(run).values()) <= {"cached", "skipped"}


@pytest.mark.thorough
def test_drift_needs_nothing_but_the_predictions_and_the_frozen_reference(
    monitored_sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "copy")
    before = measured(sandbox), sandbox.table(MONITORING_FEATURES).drop_columns(["monitoring_date"])
    versions = sandbox.home / "datamart" / ".versions"
    for folder in (*versions.glob("gold/*"), versions / "silver", versions / "bronze"):
        if not folder.name.startswith(("model_predictions", "model_monitoring")):
            shutil.rmtree(folder)
    assert {folder.name for folder in versions.iterdir()} == {"gold", "quarantine", "staged"}
    assert not (versions / "gold" / "model_training_data").exists()
    sandbox.succeed("monitoring", force=True)
    assert measured(sandbox) == before[0]
    assert sandbox.table(MONITORING_FEATURES).drop_columns(["monitoring_date"]).equals(before[1])


@pytest.mark.thorough
def test_without_any_gold_table_but_the_predictions_every_psi_is_the_same(
    monitored_sandbox: Sandbox, tmp_path: Path
) -> None:
    sandbox = monitored_sandbox.copy(tmp_path / "copy")
    row, features = measured(sandbox), sandbox.table(MONITORING_FEATURES)
    versions = sandbox.home / "datamart" / ".versions" / "gold"
    gone = [folder for folder in versions.iterdir() if folder.name != "model_predictions"]
    assert {folder.name for folder in gone} == {"model_training_data", "model_monitoring", "model_monitoring_cohorts",
                                                "model_monitoring_features"}  # fmt: skip
    for folder in gone:
        shutil.rmtree(folder)
    sandbox.succeed("monitoring", force=True)
    assert measured(sandbox) == row
    assert sandbox.table(MONITORING_FEATURES).equals(features)


def corrected_since(row: dict[str, str]) -> list[dict[str, str]]:
    """A row that took the place of a worse one."""
    return [row | {"overdue_amt": "900"}, row] if row["installment_num"] == "3" else [row]


def corrected_later(row: dict[str, str]) -> list[dict[str, str]]:
    """A row that a worse one will take the place of, after as-of."""
    late = row | {"overdue_amt": "900", "snapshot_date": "1/1/2026"}
    return [row, late] if row["installment_num"] == "3" else [row]


@pytest.mark.parametrize("change", [corrected_since, corrected_later])
def test_an_installment_counts_as_it_was_known_at_as_of(sandbox: Sandbox, tmp_path: Path, change: Any) -> None:
    folder = rewritten(Path(sandbox.data()), tmp_path / "corrected", change)
    before = actuals(sandbox)
    assert before["label"].null_count == 0
    sandbox.succeed("inference", data=str(folder))
    assert actuals(sandbox)["label"].to_pylist() == before["label"].to_pylist()


def actuals(sandbox: Sandbox) -> pa.Table:
    """What monitoring knows of each scored loan, by loan."""
    versions = sandbox.versions()
    job = Job(
        task="fetch_predictions_and_actuals",
        run_id="actuals-" + versions[PREDICTIONS].version,
        as_of=AS_OF,
        stamp="",
        roots=sandbox.deployment.roots,
        tables=versions,
        champions=tuple(sandbox.champions()),
    )
    (table,) = fetch_predictions_and_actuals(job).tables
    return job.datamart.read(table).sort_by("loan_id")


def test_predictions_of_a_later_day_are_not_judged_at_an_earlier_one(sandbox: Sandbox) -> None:
    ended = sandbox.run("monitoring", date(2024, 1, 1))
    assert (ended.state, ended.error["type"]) == ("failed", "JobError")
    assert "run `python -m engine run inference --as-of 2024-01-01` first" in ended.error["message"]
    assert MONITORING not in sandbox.versions()
