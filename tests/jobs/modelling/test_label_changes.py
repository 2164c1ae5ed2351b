"""A change of champion between models of equal AUC changes the labels that their rankings change, and few others."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import expit

from jobs.book.features import Candidate
from jobs.modelling.frames import frame
from jobs.modelling.pipelines import fit_reproducibly, untrained
from jobs.modelling.promotion.opponents import Challenger, LabelChanges, label_changes
from jobs.modelling.splits import labels_of, others_and_fold, raw_scores_of, scores_of
from jobs.statistics.cut_off import cut_off
from jobs.statistics.discrimination import auc_with_interval

LOGISTIC = "sklearn.linear_model.LogisticRegression"
MOST = 0.02  # of all loans


def loans(n: int, seed: int) -> pa.Table:
    """Loans whose risk two features show alike, each with noise of its own: two rankings of equal AUC."""
    generator = np.random.default_rng(seed)
    risk = generator.normal(size=n)
    noise = generator.normal(size=(2, n)) * 0.6
    labels = (generator.random(n) < expit(1.5 * risk - 1.4)).astype(np.int8)
    customers = [f"{seed}-{number}" for number in range(n)]
    return pa.table({"customer": customers, "a": risk + noise[0], "b": risk + noise[1], "label": labels})


def complete(candidate: Candidate, feature: str, train: pa.Table) -> Any:
    """The pipeline of a candidate on one feature, calibrated and with the default cut-off, as training completes it."""
    raw = {}
    for fold in (1, 2, 3):
        others, rows = others_and_fold(train, fold, 3, "customer")
        part = fit_reproducibly(untrained(candidate, [feature], []), frame(others, [feature]), labels_of(others))
        raw |= dict(zip(rows["customer"].to_pylist(), raw_scores_of(part, rows, [feature]).tolist(), strict=True))
    out_of_fold = np.array([raw[one] for one in train["customer"].to_pylist()])
    pipeline = fit_reproducibly(untrained(candidate, [feature], []), frame(train, [feature]), labels_of(train))
    classifier = pipeline.named_steps["classifier"].calibrate(out_of_fold, labels_of(train))
    classifier.cut_off_ = cut_off("", labels_of(train), classifier.calibrated(out_of_fold))["probability"]
    return pipeline


def beyond_rankings(one: Any, other: Any, scores: Any) -> int:
    """How many labels differ between two models beyond those that their rankings change.

    `one` and `other` are labels, `scores` the other's. The rankings alone change the labels that still differ when the
    other model calls exactly as many loans bad, its riskiest ones, as the first. The rest comes from the cut-offs, and
    is at most the difference of the two numbers of loans called bad.
    """
    riskiest = np.zeros(len(scores), bool)
    riskiest[np.argsort(-scores, kind="stable")[: int(one.sum())]] = True
    return int(np.sum(one != other)) - int(np.sum(one != riskiest))


def test_a_weighted_and_a_plain_classifier_of_equal_auc_call_as_many_loans_bad() -> None:
    """Each cut-off is a quantile of 8,000 train scores, so the share of loans called bad has a standard error of
    sqrt(0.26 * 0.74 / 8,000) = 0.005 for each model: their difference stays below 0.02 with room.
    """
    train, later = loans(8_000, 1), loans(20_000, 2)
    weighted, plain = Candidate(LOGISTIC, {"class_weight": "balanced"}), Candidate(LOGISTIC)
    made = [complete(weighted, "a", train), complete(plain, "b", train)]
    scores = [scores_of(one, later, [feature]) for one, feature in zip(made, "ab", strict=True)]
    areas = [auc_with_interval(labels_of(later), each).value or 0.0 for each in scores]
    assert areas[0] == pytest.approx(areas[1], abs=0.01)
    one, other = (pipe.predict(frame(later, [feature])) for pipe, feature in zip(made, "ab", strict=True))
    changed = beyond_rankings(one, other, scores[1])
    assert abs(changed) <= abs(int(one.sum()) - int(other.sum())) < MOST * later.num_rows
    # Without calibration and cut-off the same change calls thousands more loans bad.
    raw = [raw_scores_of(pipe, later, [feature]) >= 0.5 for pipe, feature in zip(made, "ab", strict=True)]
    assert int(raw[0].sum()) - int(raw[1].sum()) > 5 * MOST * later.num_rows
    assert np.mean(other) == pytest.approx(np.mean(labels_of(train)), abs=MOST)


def test_label_changes_are_the_loans_that_two_pipelines_label_otherwise_each_at_its_own_cut_off() -> None:
    train, later = loans(1_000, 1), loans(500, 2)
    new, old = (complete(Candidate(LOGISTIC), feature, train) for feature in "ab")
    old.named_steps["classifier"].cut_off_ += 0.05
    bad = [
        scores_of(pipe, later, [feature]) >= pipe.named_steps["classifier"].cut_off_
        for pipe, feature in zip((new, old), "ab", strict=True)
    ]
    expected = sum(one is not other for one, other in zip(*(side.tolist() for side in bad), strict=True))
    assert 0 < expected < later.num_rows - expected
    assert label_changes(Challenger(new, ["a"], later, later.slice(0, 100)), old) == LabelChanges(expected, 500)
