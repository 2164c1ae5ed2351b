import csv
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.impute import SimpleImputer
from sklearn.metrics import f1_score, precision_score, recall_score, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from engine.launch import checked_request, request
from jobs.drift import numeric_reference
from jobs.governance import model_governance_gate
from jobs.job import Job
from jobs.models import frame
from jobs.monitoring import (
    by_cohort,
    calculate_monitoring_metrics,
    newest_cohorts,
    score_shares,
    store_monitoring_results_gold,
)
from jobs.sources import SOURCES
from jobs.training import frozen_reference
from storage.registry import AliasEvent, ModelVersion, move_alias, register
from storage.runs import Lease, claim, finish
from storage.tables import (
    MONITORING,
    MONITORING_COHORTS,
    MONITORING_FEATURES,
    OUTCOMES,
    PREDICTIONS,
    TRAINING_DATA,
)
from tests.conftest import AS_OF, House, Workshop

NOISE = ("Amount_invested_monthly", "fe_10_std")
GATE = {"auc_threshold": 0.7, "psi_threshold": 0.2, "drift_rows": 150}
METRICS = ("auc", "auc_low", "auc_high", "precision", "recall", "f1")


@contextmanager
def lease_of_a_run(house: House) -> Iterator[Lease]:
    """The lease of a training run that goes well and makes nothing by itself."""
    ledger = house.deployment.ledger
    run_id = request(house.deployment, checked_request(house.deployment, "training", AS_OF))
    with ledger.writing() as connection:
        lease = claim(connection, run_id, "test", ledger.clock())
    assert lease is not None
    yield lease
    with ledger.writing() as connection:
        finish(connection, lease, "succeeded", None, ledger.clock())


def crown(house: House, pipeline: Any, features: Sequence[str]) -> ModelVersion:
    """Registers a fitted pipeline and makes it champion, as a training run would."""
    version, store = "20300101_000000", house.deployment.models
    rows = house.table(TRAINING_DATA)
    test = rows.filter(pc.equal(rows["split"], "test"))
    scores = pipeline.predict_proba(frame(test, tuple(features)))[:, 1]
    reference = frozen_reference(test, scores, features)
    made = {"as_of": AS_OF.isoformat(), "features": list(features), "reference": reference}
    files = {
        "model": store.place(store.keep_pickle(pipeline), f"best_model_{version}.pkl"),
        "encoders": store.place(store.keep_pickle({}), f"label_encoders_{version}.pkl"),
        "metadata": store.folder.write(f"model_metadata_{version}.json", json.dumps(made).encode()),
    }
    model = ModelVersion(version, "KNeighborsClassifier", files, {"test_auc": 0.5}, {})
    clock = house.deployment.ledger.clock
    with lease_of_a_run(house) as lease, house.deployment.ledger.writing() as connection:
        assert register(connection, lease, model, clock())
        move_alias(connection, AliasEvent(version, "a test", "it remembers what it saw"), clock())
    return model


def measured(house: House) -> dict[str, Any]:
    """The monitoring row of the newest date."""
    row: dict[str, Any] = house.table(MONITORING).sort_by("monitoring_date").to_pylist()[-1]
    return row


def outcomes(count: int, labels: Sequence[int | None], scores: Sequence[float], cohort: str = "2024-01") -> pa.Table:
    """Scored loans that nothing was fitted on."""
    return pa.table(
        {
            "loan_id": [f"l{number}" for number in range(count)],
            "predicted_label": pa.array([int(score > 0.5) for score in scores], pa.int8()),
            "predicted_proba": pa.array(scores, pa.float64()),
            "cohort": [cohort] * count,
            "label": pa.array(labels, pa.int8()),
            "fitted": [False] * count,
        }
    )


def monitoring_job(workshop: Workshop, house: House, table: pa.Table) -> Job:
    """A job that measures these outcomes of the deployment's champion, whose reference knows the scores alone."""
    champion = house.champions()[0]
    reference = {"score": numeric_reference(np.linspace(0, 1, 500)).as_json(), "features": {}}
    job = workshop.job(
        {OUTCOMES: table},
        settings=GATE,
        values={"fetch_predictions_and_actuals": {"version": champion.version, "fitted": 0}},
    )
    facts = job.models.folder.write("metadata.json", json.dumps({"reference": reference}).encode())
    model = ModelVersion(champion.version, "x", {"metadata": facts}, {}, {})
    return workshop.job({OUTCOMES: table}, settings=GATE, values=job.values, champions=(model,))


def judged(workshop: Workshop, house: House, table: pa.Table) -> tuple[dict[str, Any], bool]:
    """(the monitoring row, whether the gate asks for a retraining)."""
    measured = calculate_monitoring_metrics(monitoring_job(workshop, house, table))
    gate = workshop.job(settings=GATE, values={"calculate_monitoring_metrics": measured.values})
    return measured.values["row"], bool(model_governance_gate(gate).values["retrain"])


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


def test_a_model_that_remembers_is_judged_by_what_it_never_saw(house: House) -> None:
    rows = house.table(TRAINING_DATA)
    train = rows.filter(pc.equal(rows["split"], "train"))
    pipeline = make_pipeline(SimpleImputer(), KNeighborsClassifier(1))
    crown(house, pipeline.fit(frame(train, NOISE), train["label"].to_numpy()), NOISE)
    house.succeed("inference")
    house.succeed("monitoring")
    row = measured(house)
    labels = {one["loan_id"]: one for one in rows.select(["loan_id", "label", "split"]).to_pylist()}
    scored = [one for one in house.table(PREDICTIONS).to_pylist() if one["loan_id"] in labels]
    everything = roc_auc_score([labels[one["loan_id"]]["label"] for one in scored], [r["predicted_proba"] for r in scored])
    unseen = [one for one in scored if labels[one["loan_id"]]["split"] == "test"]
    truth, scores = [labels[one["loan_id"]]["label"] for one in unseen], [one["predicted_proba"] for one in unseen]
    assert everything > 0.85
    assert row["auc"] == pytest.approx(roc_auc_score(truth, scores))
    assert 0.35 < row["auc"] < 0.65
    assert (row["labelled"], row["defaults"]) == (len(unseen), sum(truth))
    assert row["fitted_left_out"] == train.num_rows
    assert row["model_version"] == "20300101_000000"


def test_the_metrics_are_those_of_the_unseen_rows(house: House) -> None:
    house.succeed("monitoring")
    row, rows = measured(house), house.table(TRAINING_DATA)
    truth = {one["loan_id"]: one["label"] for one in rows.to_pylist() if one["split"] == "test"}
    scored = [one for one in house.table(PREDICTIONS).to_pylist() if one["loan_id"] in truth]
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
    cohorts = house.table(MONITORING_COHORTS)
    assert pc.sum(cohorts["labelled"]).as_py() == row["labelled"] == len(labels)
    assert pc.sum(cohorts["defaults"]).as_py() == row["defaults"] == sum(labels)


def test_loans_that_train_in_name_but_matured_later_were_never_seen(house: House) -> None:
    house.succeed("training", date(2024, 9, 1), data=house.data())
    house.succeed("inference", force=True)
    house.succeed("monitoring")
    features = house.table("staged.inference_features")
    late = pc.greater(features["observation_date"], pa.scalar(date(2024, 9, 1), pa.date32()))
    unseen = pc.or_(late, pc.equal(features["split"], "test"))
    assert measured(house)["labelled"] == pc.sum(unseen).as_py()
    assert measured(house)["fitted_left_out"] == features.num_rows - pc.sum(unseen).as_py()


def test_a_loan_counts_once_its_observation_date_has_come(house: House) -> None:
    day = date(2024, 9, 1)
    house.succeed("inference", day, force=True)
    house.succeed("monitoring", day)
    features = house.table("staged.inference_features")
    known = pc.less_equal(features["observation_date"], pa.scalar(day, pa.date32()))
    fitted = pc.equal(features["split"], "train")
    assert measured(house)["labelled"] == pc.sum(pc.and_(known, pc.invert(fitted))).as_py()
    cohorts = house.table(MONITORING_COHORTS).to_pylist()
    assert [row["cohort"] for row in cohorts] == sorted(row["cohort"] for row in cohorts)
    assert cohorts[-1]["cohort"] == "2024-09"
    assert cohorts[-1]["labelled"] == 0
    assert cohorts[-1]["scored"] > 0
    assert all(cohorts[-1][name] is None for name in METRICS)


def test_nothing_matured_is_insufficient_and_asks_for_nothing(house: House) -> None:
    day = date(2023, 5, 2)
    house.succeed("inference", day, force=True)
    run = house.succeed("monitoring", day)
    row = measured(house)
    assert (row["labelled"], row["defaults"]) == (0, 0)
    assert {name: row[name] for name in METRICS} == dict.fromkeys(METRICS)
    assert (row["auc_status"], row["psi_status"], row["status"]) == ("insufficient", "insufficient", "insufficient")
    assert house.states(run)["trigger_retraining_dag"] == "skipped"
    assert house.governance_requests() == []
    assert [decision.action for decision in house.decisions()] == ["none"]
    assert (house.home / "reports" / "monitoring_dashboard_20230502.png").stat().st_size > 10_000


@pytest.mark.parametrize("overdue", ["0", "500"])
def test_labels_of_one_class_are_insufficient_and_ask_for_nothing(house: House, tmp_path: Path, overdue: str) -> None:
    folder = rewritten(Path(house.data()), tmp_path / "one", lambda row: [row | {"overdue_amt": overdue}])
    house.succeed("inference", data=str(folder))
    run = house.succeed("monitoring")
    row = measured(house)
    assert row["labelled"] > 150
    assert row["defaults"] == (0 if overdue == "0" else row["labelled"])
    assert row["auc"] is row["auc_low"] is None
    assert (row["auc_status"], row["status"]) == ("insufficient", "insufficient")
    assert house.states(run)["trigger_retraining_dag"] == "skipped"
    assert house.governance_requests() == []
    assert (house.home / "reports" / f"monitoring_dashboard_{AS_OF:%Y%m%d}.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    "scores",
    [
        [0.1, 0.9, 0.3, 0.8, 0.5, 0.4, 0.7, 0.2, 0.6, 0.55],
        [0.5] * 10,
        [1.0 - number / 10 for number in range(10)],
    ],
)
def test_ten_rows_are_insufficient_and_ask_for_nothing(
    workshop: Workshop, trained_house: House, scores: list[float]
) -> None:
    row, retrain = judged(workshop, trained_house, outcomes(10, [0, 0, 0, 0, 0, 1, 1, 1, 1, 1], scores))
    assert (row["labelled"], row["window_rows"], row["psi"]) == (10, 10, None)
    assert row["status"] == "insufficient"
    assert not retrain


def test_no_rows_at_all_are_insufficient(workshop: Workshop, trained_house: House) -> None:
    row, retrain = judged(workshop, trained_house, outcomes(0, [], []))
    assert (row["labelled"], row["window_rows"], row["status"], retrain) == (0, 0, "insufficient", False)


def test_a_bad_ranking_of_many_rows_is_a_confirmed_breach(workshop: Workshop, trained_house: House) -> None:
    labels = [number % 2 for number in range(400)]
    scores = [(number + 0.5) / 400 for number in range(400)]
    row, retrain = judged(workshop, trained_house, outcomes(400, labels, scores))
    assert row["auc"] == pytest.approx(0.5, abs=0.01)
    assert row["psi"] < 0.01
    assert (row["status"], retrain) == ("breach", True)


def test_drifted_scores_are_a_breach_before_any_label(workshop: Workshop, trained_house: House) -> None:
    scores = [0.9 + number / 5000 for number in range(300)]
    row, retrain = judged(workshop, trained_house, outcomes(300, [None] * 300, scores))
    assert row["auc"] is None
    assert row["psi"] > 0.2
    assert row["psi"] > row["psi_chance_level"]
    assert (row["status"], retrain) == ("breach", True)


def test_a_date_that_is_monitored_again_replaces_its_rows(house: House) -> None:
    days = [date(2025, 11, 1), AS_OF, date(2025, 11, 1), AS_OF]
    for day in days:
        house.succeed("inference", day, force=True)
        house.succeed("monitoring", day, force=True)
    assert house.table(MONITORING)["monitoring_date"].to_pylist() == sorted(set(days))
    cohorts = house.table(MONITORING_COHORTS).select(["monitoring_date", "cohort"]).to_pylist()
    assert len({tuple(row.values()) for row in cohorts}) == len(cohorts)
    assert {row["monitoring_date"] for row in cohorts} == set(days)
    features = house.table(MONITORING_FEATURES).select(["monitoring_date", "feature"]).to_pylist()
    assert len({tuple(row.values()) for row in features}) == len(features) == 30


def test_every_monitoring_date_has_its_row_though_nothing_changed(house: House) -> None:
    days = [date(2025, 12, 1), date(2025, 12, 2), date(2025, 12, 9)]
    for day in days:
        house.succeed("inference", day)
        house.succeed("monitoring", day)
    assert house.table(MONITORING)["monitoring_date"].to_pylist() == days


def test_monitoring_the_same_date_twice_is_one_row_and_nothing_new(house: House) -> None:
    house.succeed("monitoring")
    before = house.table(MONITORING)
    run = house.succeed("monitoring")
    assert house.table(MONITORING).equals(before)
    assert set(house.states(run).values()) <= {"cached", "skipped"}


def test_drift_needs_nothing_but_the_predictions_and_the_frozen_reference(house: House) -> None:
    house.succeed("monitoring")
    before = measured(house), house.table(MONITORING_FEATURES).drop_columns(["monitoring_date"])
    versions = house.home / "datamart" / ".versions"
    for folder in (*versions.glob("gold/*"), versions / "silver", versions / "bronze"):
        if folder.name not in ("model_predictions", "model_monitoring", *(t.partition(".")[2] for t in KEPT)):
            shutil.rmtree(folder)
    assert not (versions / "gold" / "model_training_data").exists()
    house.succeed("monitoring", force=True)
    assert measured(house) == before[0]
    assert house.table(MONITORING_FEATURES).drop_columns(["monitoring_date"]).equals(before[1])


KEPT = (MONITORING, MONITORING_COHORTS, MONITORING_FEATURES)


def test_an_installment_that_was_corrected_counts_as_corrected(house: House, tmp_path: Path) -> None:
    def doubled(row: dict[str, str]) -> list[dict[str, str]]:
        return [row | {"overdue_amt": "900"}, row] if row["installment_num"] == "3" else [row]

    house.succeed("monitoring")
    before = measured(house)
    folder = rewritten(Path(house.data()), tmp_path / "corrected", doubled)
    house.succeed("inference", data=str(folder))
    house.succeed("monitoring")
    assert measured(house)["defaults"] == before["defaults"]
    assert measured(house)["auc"] == before["auc"]


def test_predictions_of_a_later_day_are_not_judged_at_an_earlier_one(house: House) -> None:
    ended = house.run("monitoring", date(2024, 1, 1))
    assert (ended.state, ended.error["type"]) == ("failed", "JobError")
    assert "run `python -m engine run inference --as-of 2024-01-01` first" in ended.error["message"]
    assert MONITORING not in house.versions()


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


def test_results_are_stored_beside_those_of_other_dates(workshop: Workshop, trained_house: House) -> None:
    found = calculate_monitoring_metrics(monitoring_job(workshop, trained_house, outcomes(2, [0, 1], [0.1, 0.9])))
    values = {"calculate_monitoring_metrics": found.values}
    job = workshop.job(as_of=date(2024, 2, 1), values=values)
    first = {table.table: job.datamart.read(table) for table in store_monitoring_results_gold(job).tables}
    assert set(first) == {MONITORING, MONITORING_COHORTS, MONITORING_FEATURES}
    later = Workshop(workshop.folder / "later").job(first, as_of=date(2024, 1, 1), values=values)
    outcome = store_monitoring_results_gold(later)
    rows = later.datamart.read(outcome.tables[0])
    assert rows["monitoring_date"].to_pylist() == [date(2024, 1, 1), date(2024, 2, 1)]
    assert rows.schema.equals(first[MONITORING].schema)
    assert outcome.rows_out == 2
