import hashlib
import json
import os
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import brier_score_loss, f1_score, precision_score, recall_score, roc_auc_score

from jobs.book import features as declared
from jobs.errors import JobError
from jobs.job import TaskResult
from jobs.modelling.candidates import Candidate, fit_names
from jobs.modelling.fits import fit_candidate
from jobs.modelling.frames import frame
from jobs.modelling.splits import as_floats, raw_scores_of
from jobs.modelling.training import Trained, by_out_of_fold_auc, select_model
from jobs.statistics.logistic import calibrated
from storage.files.folder import FileFacts
from storage.lake.names import TRAINING_DATA, TRAINING_IMPUTED
from tests.job_factory import JobFactory
from tests.marks import others_thorough
from tests.paths import ROOT
from tests.retail import CATEGORICAL, CLASSIFIERS, FEATURE_SETS, SAFE15
from tests.sandbox import AS_OF, Sandbox

CODE = """
import sys
from jobs.job import Job, StoreRoots
from jobs.modelling.fits import fit_candidate
from storage.ledger.catalog import from_json
import datetime, json
from tests.paths import ROOT
mart, models, name, version = sys.argv[1:]
job = Job("t", "r", datetime.date(2025, 12, 1), "s", StoreRoots(mart, models, models), {"feature_set": "safe15"},
          {"gold.model_training_data": from_json(json.loads(version))}, partition=name)
print(fit_candidate(job).artifacts[0].sha256)
"""


def metadata_of(sandbox: Sandbox) -> dict[str, Any]:
    model = sandbox.champions()[0]
    found: dict[str, Any] = json.loads(sandbox.deployment.models.read(model.files["metadata"]))
    return found


def sides(sandbox: Sandbox) -> tuple[pa.Table, pa.Table]:
    rows = sandbox.table(TRAINING_DATA)
    return rows.filter(pc.equal(rows["split"], "train")), rows.filter(pc.equal(rows["split"], "test"))


def scores_of(sandbox: Sandbox, rows: pa.Table) -> Any:
    pipeline = sandbox.deployment.models.load(sandbox.champions()[0].files["model"])
    return pipeline.predict_proba(frame(rows, SAFE15))[:, 1]


SETTINGS = {"feature_set": "safe15", "cut_off": ""}


def fit(job_factory: JobFactory, table: pa.Table, name: str) -> TaskResult:
    """One fit, as the training task calls it."""
    return fit_candidate(job_factory.job({TRAINING_DATA: table}, settings=SETTINGS, partition=name))


def selected(job_factory: JobFactory, sandbox: Sandbox, table: pa.Table, *names: str, **settings: str) -> TaskResult:
    """What is selected among these candidates alone, trained on `table`."""
    tables = {TRAINING_DATA: table, TRAINING_IMPUTED: sandbox.table(TRAINING_IMPUTED)}
    job = job_factory.job(tables, settings={**SETTINGS, **settings})
    parts = [part for part in fit_names(job) if part.partition(",")[0] in names]
    return select_model(job, [fit_candidate(job.for_partition(part)) for part in parts])


@pytest.mark.parametrize("name", others_thorough(CLASSIFIERS))
def test_a_candidate_is_measured_on_rows_that_it_was_not_fitted_on(
    trained_sandbox: Sandbox, job_factory: JobFactory, name: str
) -> None:
    train, test = sides(trained_sandbox)
    made = selected(job_factory, trained_sandbox, trained_sandbox.table(TRAINING_DATA), name)
    pipeline = job_factory.job().models.load(made.artifacts[0])
    labels = test["label"].to_numpy()
    scores, chosen = pipeline.predict_proba(frame(test, SAFE15))[:, 1], pipeline.predict(frame(test, SAFE15))
    found = made.values["metadata"]["candidates"][name]
    assert found["test_auc"] == pytest.approx(roc_auc_score(labels, scores))
    raw = raw_scores_of(pipeline, test, SAFE15)
    assert found["test_auc"] == pytest.approx(roc_auc_score(labels, raw), abs=1e-12)
    assert found["raw_mean_score"] == pytest.approx(raw.mean())
    curve = made.values["metadata"]["calibration"]
    assert scores == pytest.approx(calibrated(raw, curve["slope"], curve["intercept"]), abs=1e-12)
    assert np.abs(scores - raw).max() > 0.01
    assert found["auc_low"] < found["test_auc"] < found["auc_high"]
    assert found["precision"] == pytest.approx(precision_score(labels, chosen))
    assert found["recall"] == pytest.approx(recall_score(labels, chosen))
    assert found["f1"] == pytest.approx(f1_score(labels, chosen))
    assert found["brier"] == pytest.approx(brier_score_loss(labels, scores))
    assert (found["mean_score"], found["bad_rate"]) == pytest.approx((scores.mean(), labels.mean()))
    fitted = roc_auc_score(train["label"].to_numpy(), pipeline.predict_proba(frame(train, SAFE15))[:, 1])
    assert found["train_auc"] == pytest.approx(fitted)
    # The same candidate beside the others, in the run that trained the deployment.
    assert metadata_of(trained_sandbox)["candidates"][name] == found


def test_the_cut_off_is_the_one_that_was_set(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    name, rows = "LogisticRegression", trained_sandbox.table(TRAINING_DATA)
    made = selected(job_factory, trained_sandbox, rows, name, cut_off="cost 4")
    kept = made.values["metadata"]["cut_off"]
    assert (kept["kind"], kept["given"], kept["probability"]) == ("cost ratio", "cost 4", 0.2)
    pipeline = job_factory.job().models.load(made.artifacts[0])
    inputs = frame(rows, SAFE15)
    assert np.array_equal(pipeline.predict(inputs), pipeline.predict_proba(inputs)[:, 1] >= 0.2)


def test_test_rows_teach_nothing(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    rows = trained_sandbox.table(TRAINING_DATA)
    is_test = pc.equal(rows["split"], "test")
    flipped = pc.if_else(is_test, pc.cast(pc.subtract(1, rows["label"]), pa.int8()), rows["label"])
    other = rows.set_column(rows.column_names.index("label"), "label", flipped)
    name = "LogisticRegression"
    one = selected(JobFactory(job_factory.folder / "a"), trained_sandbox, rows, name)
    two = selected(JobFactory(job_factory.folder / "b"), trained_sandbox, other, name)
    assert one.artifacts[0].sha256 == two.artifacts[0].sha256
    assert one.values["metadata"]["cut_off"] == two.values["metadata"]["cut_off"]
    assert one.values["metadata"]["candidates"][name]["test_auc"] > 0.5
    assert two.values["metadata"]["candidates"][name]["test_auc"] < 0.5


@pytest.mark.thorough
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_candidate_has_the_same_bytes_in_every_process(
    trained_sandbox: Sandbox, job_factory: JobFactory, name: str
) -> None:
    table = trained_sandbox.versions()[TRAINING_DATA]
    version_json = json.dumps(
        {
            "table": table.table,
            "version": table.version,
            "parts": [vars(part) for part in table.parts],
            "dates": [],
            "sources": {},
        }
    )
    places = trained_sandbox.deployment.roots.datamart, str(job_factory.folder), name, version_json
    environment = {**os.environ, "PYTHONHASHSEED": "77", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    elsewhere = subprocess.run(
        [sys.executable, "-c", CODE, *places],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
        cwd=ROOT,
    ).stdout.strip()
    rows = trained_sandbox.table(TRAINING_DATA)
    here = [fit(job_factory, rows, name).artifacts[0].sha256 for _ in range(2)]
    assert [elsewhere] * 2 == here


@pytest.mark.thorough
def test_the_best_candidate_is_kept_whatever_their_order(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    tables = {name: trained_sandbox.table(name) for name in (TRAINING_DATA, TRAINING_IMPUTED)}
    job = job_factory.job(tables, settings=SETTINGS)
    fits = [fit_candidate(job.for_partition(part)) for part in fit_names(job)]
    one, other = (select_model(job, order) for order in (fits, fits[::-1]))
    assert one == other
    made = one.values["metadata"]
    assert made["model_name"] == max(CLASSIFIERS, key=lambda name: made["candidates"][name]["out_of_fold_auc"])
    assert made["files"]["model"]["sha256"] == one.artifacts[0].sha256
    assert set(made["candidates"]) == set(CLASSIFIERS)


def test_the_best_out_of_fold_auc_is_first_whatever_the_test_loans_say() -> None:
    areas = {"a": (0.70, 0.80), "b": (0.75, 0.60), "c": (0.75, 0.90)}  # out of fold, on test loans
    trained = [
        Trained(
            candidate=Candidate(name, declared.Candidate("x.Y"), "safe15", SAFE15),
            artifact=FileFacts(name, 0, ""),
            calibration={},
            cut_off={},
            scores=np.zeros(0),
            numbers={"out_of_fold_auc": out_of_fold, "train_auc": 1 - out_of_fold, "test_auc": on_test},
            points=None,
        )
        for name, (out_of_fold, on_test) in areas.items()
    ]
    assert [one.candidate.name for one in by_out_of_fold_auc(trained[::-1])] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("side", "label", "told"),
    [("train", 0, "0 defaulted"), ("train", 1, r"Of \d+ train loans \d+ defaulted"), ("test", 0, r"test loans 0")],
)
def test_labels_of_one_class_are_a_job_error(
    trained_sandbox: Sandbox, job_factory: JobFactory, side: str, label: int, told: str
) -> None:
    rows = trained_sandbox.table(TRAINING_DATA)
    labels = pc.if_else(pc.equal(rows["split"], side), pa.scalar(label, pa.int8()), rows["label"])
    table = rows.set_column(rows.column_names.index("label"), "label", labels)
    with pytest.raises(JobError, match=told) as caught:
        fit(job_factory, table, "LogisticRegression")
    assert "nothing to learn from; choose a later --as-of or deliver a larger book." in str(caught.value)
    assert not caught.value.retryable


def test_no_test_rows_are_a_job_error(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    train, _ = sides(trained_sandbox)
    with pytest.raises(JobError, match="Of 0 test loans 0 defaulted"):
        fit(job_factory, train, "LogisticRegression")


def test_a_calibration_error_that_can_not_be_measured_fails_no_training(
    trained_sandbox: Sandbox, job_factory: JobFactory, caplog: pytest.LogCaptureFixture
) -> None:
    train, test = sides(trained_sandbox)
    few = [test.filter(pc.equal(test["label"], label)).slice(0, 5) for label in (0, 1)]
    made = selected(job_factory, trained_sandbox, pa.concat_tables([train, *few]), "LogisticRegression")
    found = made.values["metadata"]["candidates"]["LogisticRegression"]
    assert found["calibration_error"] is None
    told = f"calibration error {found['expected_calibration_error']:.4f} (noise {found['calibration_noise']:.4f})"
    assert told in caplog.text


@pytest.mark.thorough
def test_the_behavioural_features_are_learned_from_when_asked_for(sandbox: Sandbox) -> None:
    sandbox.succeed("training", data=sandbox.data(), feature_set="behavioural")
    made = metadata_of(sandbox)
    assert made["feature_set"] == "behavioural"
    assert tuple(made["features"]) == FEATURE_SETS["behavioural"]
    pipeline = sandbox.deployment.models.load(sandbox.champions()[0].files["model"])
    assert {"hist_total_paid", "hist_Loan_Payment_Ratio"} < set(pipeline.feature_names_in_)
    sandbox.succeed("inference", force=True)
    assert set(sandbox.table("gold.model_predictions")["model_version"].to_pylist()) == {made["version"]}


def test_metadata_say_everything_about_the_model(trained_sandbox: Sandbox) -> None:
    made, model = metadata_of(trained_sandbox), trained_sandbox.champions()[0]
    train, test = sides(trained_sandbox)
    assert (made["version"], made["as_of"]) == (model.version, AS_OF.isoformat())
    assert tuple(made["features"]) == SAFE15
    assert sorted(made["categorical"]) == sorted(set(CATEGORICAL) & set(SAFE15))
    assert made["rows"]["train"] == {"loans": train.num_rows, "defaults": pc.sum(train["label"]).as_py()}
    assert made["rows"]["test"] == {"loans": test.num_rows, "defaults": pc.sum(test["label"]).as_py()}
    assert made["libraries"]["scikit-learn"] == version("scikit-learn")
    assert set(made["candidates"]) == set(CLASSIFIERS)
    versions = trained_sandbox.versions()
    assert {TRAINING_DATA, "silver.clickstream", "bronze.LMS_loans"} <= set(made["tables"])
    for name, known in made["tables"].items():
        assert known == {"version": versions[name].version, "digest": versions[name].digest}
    assert len(made["extracts"]) == 4
    for path, sha256 in made["extracts"].items():
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha256


def test_the_three_files_carry_the_version_and_the_registered_digests(trained_sandbox: Sandbox) -> None:
    model = trained_sandbox.champions()[0]
    folder = trained_sandbox.home / "model_store"
    assert {role: facts.name for role, facts in model.files.items()} == {
        "model": f"best_model_{model.version}.pkl",
        "encoders": f"label_encoders_{model.version}.pkl",
        "metadata": f"model_metadata_{model.version}.json",
    }
    made = metadata_of(trained_sandbox)
    for role, facts in model.files.items():
        assert hashlib.sha256((folder / facts.name).read_bytes()).hexdigest() == facts.sha256
        assert role == "metadata" or made["files"][role]["sha256"] == facts.sha256
    assert model.trained_on == {TRAINING_DATA: trained_sandbox.versions()[TRAINING_DATA].version}


def test_the_reference_is_the_test_scores_in_their_own_deciles(trained_sandbox: Sandbox) -> None:
    _, test = sides(trained_sandbox)
    scores = scores_of(trained_sandbox, test)
    frozen = metadata_of(trained_sandbox)["reference"]["score"]
    edges = np.unique(np.quantile(scores, np.arange(1, 10) / 10))
    assert frozen["edges"] == pytest.approx(edges.tolist())
    bounds = [-np.inf, *frozen["edges"], np.inf]
    counts = [int(((scores > low) & (scores <= high)).sum()) for low, high in pairwise(bounds)]
    assert frozen["counts"] == counts
    assert (sum(counts), frozen["missing"]) == (test.num_rows, 0)


def test_the_reference_has_every_feature_of_the_test_rows(trained_sandbox: Sandbox) -> None:
    _, test = sides(trained_sandbox)
    frozen = metadata_of(trained_sandbox)["reference"]["features"]
    assert tuple(sorted(frozen)) == tuple(sorted(SAFE15))
    for name, reference in frozen.items():
        assert reference["kind"] == ("category" if name in CATEGORICAL else "numeric")
        assert reference["missing"] == test[name].null_count, name
        total = sum(reference["counts"]) + reference["missing"] + reference.get("rare_count", 0)
        assert total == test.num_rows, name
    occupations = test["Occupation"].to_pylist()
    jobs = frozen["Occupation"]
    assert jobs["counts"] == [occupations.count(level) for level in jobs["levels"]]


@pytest.mark.thorough
def test_training_as_of_an_earlier_day_knows_less(sandbox: Sandbox) -> None:
    before = metadata_of(sandbox)["rows"]["train"]["loans"]
    run_id = sandbox.succeed("training", date(2024, 9, 1), data=sandbox.data())
    made = sandbox.values(run_id, "train_evaluate_select_model")["metadata"]
    assert made["as_of"] == "2024-09-01"
    assert 100 < made["rows"]["train"]["loans"] < before
    assert pc.max(sandbox.table(TRAINING_DATA)["observation_date"]).as_py() <= date(2024, 9, 1)


def test_numbers_has_nan_for_null() -> None:
    values = as_floats(pa.chunked_array([[1, None, 3]], pa.int64()))
    assert values.dtype == np.float64
    assert np.isnan(values).tolist() == [False, True, False]
