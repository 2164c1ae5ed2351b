"""Permutation importance: known losses of AUC, intervals that cover them, fixed seeds."""

import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from jobs.modelling.explanation.importance import (
    MOST_LOANS,
    MOST_ROWS,
    REPEATS,
    SEED,
    THREADS,
    drawn,
    permutation_importance,
)
from jobs.modelling.pipelines import OnTransformed, untrained
from jobs.statistics.discrimination import auc_with_interval
from tests.processes import DEADLINE
from tests.retail import CLASSIFIERS, SCORECARD

LOANS = 400
EVERY = CLASSIFIERS | {SCORECARD.label: SCORECARD}


class Known:
    """A model whose score is the feature a, with some of b; c and the level say nothing."""

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        bad = expit(rows["a"].to_numpy() + 0.5 * rows["b"].to_numpy())
        return np.column_stack([1 - bad, bad])


def loans_of(seed: int, loans: int = LOANS) -> tuple[pd.DataFrame, Any, Any]:
    """Loans with four features, their labels and scores."""
    rng = np.random.default_rng(seed)
    inputs = pd.DataFrame(rng.normal(size=(loans, 3)), columns=["c", "b", "a"])
    inputs["level"] = pd.Series(rng.choice(["x", "y"], loans), dtype=object)
    scores = Known().predict_proba(inputs)[:, 1]
    return inputs, (rng.random(loans) < scores).astype(int), scores


def test_the_largest_comes_first_and_features_without_use_have_none() -> None:
    inputs, labels, scores = loans_of(1)
    found = permutation_importance(Known(), inputs, labels, scores)
    assert [one["feature"] for one in found][:2] == ["a", "b"]
    assert found[0]["importance"] > found[1]["importance"] > 0
    assert {one["feature"]: (one["importance"], one["low"], one["high"]) for one in found[2:]} == {
        "c": (0.0, 0.0, 0.0),
        "level": (0.0, 0.0, 0.0),
    }


def test_a_feature_that_is_all_of_the_score_costs_what_the_score_is_worth() -> None:
    """Without the feature the scores are chance: the loss is AUC - 1/2, the mean of 40 permutations near it.

    The AUC of a permutation has the standard deviation sqrt((n + 1) / (12 bad good)) of the Mann-Whitney statistic.
    """
    inputs, labels, _ = loans_of(2)
    model = Known()
    only_a = inputs.assign(b=0.0)
    scores = model.predict_proba(only_a)[:, 1]
    (first, *_) = permutation_importance(model, only_a, labels, scores, repeats=40)
    bad = int(labels.sum())
    error = np.sqrt((LOANS + 1) / (12 * bad * (LOANS - bad)) / 40)
    value = auc_with_interval(labels, scores).value
    assert value is not None
    assert first["importance"] == pytest.approx(value - 0.5, abs=5 * error)


def test_the_same_loans_give_the_same_numbers_and_nothing_given_is_changed() -> None:
    inputs, labels, scores = loans_of(3)
    before = inputs.copy()
    assert permutation_importance(Known(), inputs, labels, scores) == permutation_importance(
        Known(), inputs, labels, scores
    )
    pd.testing.assert_frame_equal(inputs, before)


class Counting(Known):
    """Counts the rows that it scores."""

    def __init__(self) -> None:
        self.rows = 0

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        self.rows += len(rows)
        return super().predict_proba(rows)


def test_loans_that_get_a_value_equal_to_their_own_are_not_scored_again() -> None:
    """Of a feature with two values about half of the loans get their own. The numbers are those of all loans scored."""
    inputs, labels, _ = loans_of(5)
    inputs = pd.DataFrame({"a": np.sign(inputs["a"]), "b": 0.5})
    model = Counting()
    scores = model.predict_proba(inputs)[:, 1]
    model.rows = 0
    found = permutation_importance(model, inputs, labels, scores)
    assert 0.4 * REPEATS * LOANS < model.rows < 0.6 * REPEATS * LOANS
    orders = [np.random.default_rng((SEED, 0, turn)).permutation(LOANS) for turn in range(REPEATS)]
    every = [Known().predict_proba(inputs.assign(a=inputs["a"].to_numpy()[order]))[:, 1] for order in orders]
    losses = [roc_auc_score(labels, scores) - roc_auc_score(labels, each) for each in every]
    assert {one["feature"]: one["importance"] for one in found} == {"a": pytest.approx(np.mean(losses)), "b": 0.0}


def test_features_that_are_the_same_for_all_loans_have_no_importance() -> None:
    inputs, labels, _ = loans_of(6)
    constant = inputs.assign(**dict.fromkeys(("a", "b", "c", "level"), 0.5))
    for one in permutation_importance(Known(), constant, labels, Known().predict_proba(constant)[:, 1]):
        assert (one["importance"], one["low"], one["high"]) == (0, 0, 0)


class Together(Known):
    """Scores only when it is asked by two threads at once."""

    def __init__(self) -> None:
        self._both = threading.Barrier(THREADS, timeout=DEADLINE)

    def predict_proba(self, rows: pd.DataFrame) -> Any:
        self._both.wait()
        return super().predict_proba(rows)


def test_two_threads_score_at_once_and_their_order_changes_nothing() -> None:
    inputs, labels, scores = loans_of(4, MOST_ROWS // REPEATS)  # each feature is a block of its own
    assert len(inputs.columns) % THREADS == 0
    found = permutation_importance(Together(), inputs, labels, scores)
    assert [one["feature"] for one in found][:2] == ["a", "b"]
    assert found == permutation_importance(Known(), inputs, labels, scores)


def test_more_loans_than_the_most_are_drawn_alike_each_time() -> None:
    assert drawn(MOST_LOANS).tolist() == list(range(MOST_LOANS))
    rows = drawn(MOST_LOANS + 5_000)
    assert (len(rows), len(set(rows.tolist()))) == (MOST_LOANS, MOST_LOANS)
    assert rows.tolist() == sorted(drawn(MOST_LOANS + 5_000).tolist())
    assert rows[-1] >= MOST_LOANS


def test_a_single_defaulted_loan_gives_no_interval() -> None:
    inputs, _, scores = loans_of(4)
    labels = np.zeros(LOANS, int)
    labels[0] = 1
    for one in permutation_importance(Known(), inputs, labels, scores):
        assert (one["low"], one["high"]) == (None, None)


@pytest.mark.thorough
def test_the_interval_covers_the_loss_of_many_loans() -> None:
    """Of 200 intervals of 95% at least 182 cover: 91%, 2.6 standard deviations below. Wider ones may cover more."""
    true = permutation_importance(Known(), *_large())[0]["importance"]
    found = [permutation_importance(Known(), *loans_of(seed))[0] for seed in range(100, 300)]
    assert sum(one["low"] <= true <= one["high"] for one in found) >= 182


def _large() -> tuple[pd.DataFrame, Any, Any]:
    parts = [loans_of(seed) for seed in range(1000, 1100)]
    return (
        pd.concat([part[0] for part in parts], ignore_index=True),
        np.concatenate([part[1] for part in parts]),
        np.concatenate([part[2] for part in parts]),
    )


@pytest.mark.parametrize("name", EVERY)
def test_rows_that_are_transformed_before_they_are_permuted_give_the_same_numbers(name: str) -> None:
    """Transformed columns come in another order, categories last; rows that are equal in part have tied scores."""
    features, loans = ("grade", "score", "kind", "income"), 5_001
    rng = np.random.default_rng(8)
    inputs = pd.DataFrame({each: rng.integers(0, 4, loans) / 3 for each in features})
    inputs.loc[::9, "income"] = np.nan
    for each in ("grade", "kind"):
        inputs[each] = pd.Series(rng.choice(["a", "b"], loans), dtype=object).where(inputs["score"] < 1, np.nan)
    labels = (rng.random(loans) < expit(inputs["score"] + (inputs["grade"] == "a"))).astype(np.int64)
    pipeline = untrained(EVERY[name], features, ["grade", "kind"]).fit(inputs, labels)
    scores = pipeline.predict_proba(inputs)[:, 1]
    fitted = OnTransformed(pipeline, inputs)
    assert list(fitted.transformed.columns) == list(features)
    assert fitted.predict_proba(fitted.transformed)[:, 1].tolist() == scores.tolist()
    expected = permutation_importance(pipeline, inputs, labels, scores, repeats=3)
    assert permutation_importance(fitted, fitted.transformed, labels, scores, repeats=3) == expected
    assert expected[0]["importance"] > 0
