"""The calibrated pipeline: its probabilities, its raw scores, its cut-off, and that its ranks are the classifier's."""

import json
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from jobs.errors import JobError
from jobs.modelling.calibrated import CalibratedClassifier
from jobs.modelling.candidates import FOLDS
from jobs.modelling.frames import frame
from jobs.modelling.splits import labels_of, others_and_fold, raw_scores_of, scores_of
from storage.lake.names import OUT_OF_FOLD_SCORES, PREDICTIONS, TRAINING_DATA
from tests.retail import CLASSIFIERS, SAFE15
from tests.sandbox import Sandbox

UNCHANGED = 1e-12


def metadata_of(sandbox: Sandbox) -> dict[str, Any]:
    model = sandbox.champions()[0]
    found: dict[str, Any] = json.loads(sandbox.deployment.models.read(model.files["metadata"]))
    return found


def champion_of(sandbox: Sandbox) -> Any:
    return sandbox.deployment.models.load(sandbox.champions()[0].files["model"])


def test_the_registered_pipeline_is_calibrated_and_keeps_its_raw_scores(trained_sandbox: Sandbox) -> None:
    rows, made = trained_sandbox.table(TRAINING_DATA), metadata_of(trained_sandbox)
    pipeline = champion_of(trained_sandbox)
    classifier = pipeline.named_steps["classifier"]
    assert (classifier.slope_, classifier.intercept_) == (
        made["calibration"]["slope"],
        made["calibration"]["intercept"],
    )
    assert classifier.slope_ > 0
    raw, scores = (each(pipeline, rows, SAFE15) for each in (raw_scores_of, scores_of))
    inside = classifier.classifier_.predict_proba(pipeline[:-1].transform(frame(rows, SAFE15)))[:, 1]
    assert np.array_equal(raw, inside)
    assert not np.array_equal(raw, scores)
    assert np.array_equal(np.argsort(raw, kind="stable"), np.argsort(scores, kind="stable"))
    assert np.array_equal(pipeline.predict(frame(rows, SAFE15)), scores >= made["cut_off"]["probability"])


def test_predictions_are_calibrated_probabilities_and_labels_from_the_cut_off(trained_sandbox: Sandbox) -> None:
    scored, at = trained_sandbox.table(PREDICTIONS), metadata_of(trained_sandbox)["cut_off"]["probability"]
    expected = pc.cast(pc.greater_equal(scored["predicted_proba"], at), pa.int8())
    assert scored["predicted_label"].equals(expected)
    assert 0 < pc.sum(expected).as_py() < scored.num_rows


def test_every_candidate_ranks_as_before_calibration(trained_sandbox: Sandbox) -> None:
    rows = trained_sandbox.table(OUT_OF_FOLD_SCORES).to_pandas()
    train = trained_sandbox.table(TRAINING_DATA).filter(pc.field("split") == "train")
    labels = dict(zip(train["loan_id"].to_pylist(), labels_of(train).tolist(), strict=True))
    assert set(rows["candidate"]) == set(CLASSIFIERS)
    for name, own in rows.groupby("candidate"):
        assert sorted(own["loan_id"]) == sorted(labels)
        truth = own["loan_id"].map(labels).to_numpy()
        numbers = metadata_of(trained_sandbox)["candidates"][name]
        assert numbers["out_of_fold_auc"] == pytest.approx(roc_auc_score(truth, own["raw_score"]), abs=UNCHANGED)


def test_no_loan_and_no_customer_is_scored_by_a_fit_that_saw_it(trained_sandbox: Sandbox) -> None:
    rows = trained_sandbox.table(TRAINING_DATA)
    train = rows.filter(pc.equal(rows["split"], "train"))
    # Give every customer two loans: those of the loans after it in the table too.
    twice = pa.concat_tables([train, train.set_column(0, "loan_id", pc.binary_join_element_wise(train[0], "x", ""))])
    seen = []
    for fold in range(1, FOLDS + 1):
        others, own = others_and_fold(twice, fold, FOLDS, "Customer_ID")
        assert not set(own["Customer_ID"].to_pylist()) & set(others["Customer_ID"].to_pylist())
        assert own.num_rows + others.num_rows == twice.num_rows
        seen += own["loan_id"].to_pylist()
    assert sorted(seen) == sorted(twice["loan_id"].to_pylist())


def test_a_fold_that_takes_every_default_is_a_job_error() -> None:
    train = pa.table({"customer": [f"c{n}" for n in range(20)], "label": pa.array([1] + [0] * 19, pa.int8())})
    with pytest.raises(JobError, match=r"Of \d+ train loans outside of fold \d of 2 0 defaulted.* larger book"):
        for fold in (1, 2):
            others_and_fold(train, fold, 2, "customer")


@pytest.mark.parametrize("classifier", [DecisionTreeClassifier(random_state=1), GaussianNB()])
def test_scores_at_0_and_1_keep_their_ranks(classifier: Any) -> None:
    """A tree gives 0 and 1 alone, naive Bayes of far values thousands of powers of ten."""
    generator = np.random.default_rng(4)
    labels = (generator.random(1_500) < 0.3).astype(np.int64)
    inputs = generator.standard_t(2, (1_500, 6)) * 4 + labels[:, None]
    model = CalibratedClassifier(classifier).fit(inputs[:500], labels[:500])
    raw = model.raw_scores(inputs[500:])
    assert raw.min() < 1e-12
    model.calibrate(raw[:500], labels[500:1_000])
    scores = model.predict_proba(inputs[500:])[:, 1]
    assert np.unique(scores).size == np.unique(raw).size
    assert roc_auc_score(labels[500:], scores) == pytest.approx(roc_auc_score(labels[500:], raw), abs=UNCHANGED)
    assert ((scores > 0) & (scores < 1)).all()


def test_it_is_a_scikit_learn_classifier() -> None:
    model = CalibratedClassifier(GaussianNB(var_smoothing=0.1))
    assert model.get_params()["classifier__var_smoothing"] == 0.1
    inputs, labels = np.arange(40.0)[:, None], np.arange(40) % 3 == 0
    model.fit(inputs, labels.astype(np.int64))
    assert not hasattr(model.classifier, "theta_")  # the one that was given stays as it is
    assert model.predict_proba(inputs).sum(axis=1) == pytest.approx(np.ones(40))
    assert model.classes_.tolist() == [0, 1]
    again = pickle.loads(pickle.dumps(model))
    assert np.array_equal(again.predict_proba(inputs), model.predict_proba(inputs))
