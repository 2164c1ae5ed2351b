import pickle
from itertools import chain
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from jobs.modelling import pipelines
from jobs.modelling.frames import frame
from jobs.modelling.pipelines import label_encoders
from jobs.modelling.scorecard.points import points_document
from tests.retail import CATEGORICAL, CLASSIFIERS, FEATURE_SETS, SAFE15, SCORECARD

ROWS = 240
EVERY = CLASSIFIERS | {SCORECARD.label: SCORECARD}
RNG = np.random.default_rng(3)
LABELS = (RNG.random(ROWS) < 0.4).astype(np.int64)


def untrained(name: str, features: tuple[str, ...]) -> Pipeline:
    """An unfitted pipeline of the default book's candidate of that name."""
    return pipelines.untrained(EVERY[name], features, CATEGORICAL)


def rows(**columns: Any) -> pa.Table:
    """Rows of which every feature has some values, some of them missing."""
    values: dict[str, Any] = {}
    for number, name in enumerate(dict.fromkeys(chain(*FEATURE_SETS.values()))):
        if name in CATEGORICAL:
            values[name] = pa.array([("Good", "Bad", None)[(n + number) % 3] for n in range(ROWS)], pa.string())
        else:
            noise = np.random.default_rng(number).normal(size=ROWS) + LABELS
            values[name] = pa.array(noise, mask=np.arange(ROWS) % 7 == number % 7)
    return pa.table(values | columns)


def test_the_three_classifiers_are_those_of_the_design() -> None:
    assert set(CLASSIFIERS) == {"LogisticRegression", "RandomForestClassifier", "GradientBoostingClassifier"}
    linear, forest, boosting = (
        untrained(name, SAFE15).named_steps["classifier"].classifier
        for name in ("LogisticRegression", "RandomForestClassifier", "GradientBoostingClassifier")
    )
    assert isinstance(linear, LogisticRegression)
    assert (linear.max_iter, linear.class_weight, linear.random_state) == (1000, "balanced", 42)
    assert isinstance(forest, RandomForestClassifier)
    assert (forest.n_estimators, forest.max_depth, forest.class_weight) == (100, 10, "balanced")
    assert isinstance(boosting, GradientBoostingClassifier)
    assert (boosting.n_estimators, boosting.max_depth, boosting.random_state) == (100, 5, 42)


def test_only_the_linear_model_is_scaled() -> None:
    scaled = [name for name in CLASSIFIERS if "scaler" in untrained(name, SAFE15).named_steps]
    assert scaled == ["LogisticRegression"]


@pytest.mark.parametrize("name", EVERY)
def test_a_pipeline_is_its_own_and_fitting_another_leaves_it_as_it_is(name: str) -> None:
    table = frame(rows(), SAFE15)
    first = untrained(name, SAFE15).fit(table, LABELS)
    before = first.predict_proba(table)
    second = untrained(name, SAFE15).fit(table, 1 - LABELS)
    assert first.named_steps["classifier"] is not second.named_steps["classifier"]
    assert np.array_equal(first.predict_proba(table), before)


@pytest.mark.parametrize("name", EVERY)
def test_the_same_rows_give_the_same_bytes(name: str) -> None:
    table = frame(rows(), SAFE15)
    once, twice = (pickle.dumps(untrained(name, SAFE15).fit(table, LABELS), protocol=5) for _ in range(2))
    assert once == twice


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("feature_set", FEATURE_SETS)
def test_what_is_missing_or_was_never_seen_is_scored(name: str, feature_set: str) -> None:
    features = FEATURE_SETS[feature_set]
    pipeline = untrained(name, features).fit(frame(rows(), features), LABELS)
    strange = rows(
        Credit_Mix=pa.array(["Splendid", None, "Good"] * (ROWS // 3)),
        Occupation=pa.nulls(ROWS, pa.string()),
        DTI=pa.nulls(ROWS, pa.float64()),
    )
    scores = pipeline.predict_proba(frame(strange, features))[:, 1]
    assert np.isfinite(scores).all()
    assert tuple(pipeline.feature_names_in_) == features


def test_an_unseen_level_and_a_missing_one_are_both_unknown() -> None:
    pipeline = untrained("RandomForestClassifier", SAFE15).fit(frame(rows(), SAFE15), LABELS)
    columns = pipeline.named_steps["columns"]
    coded = {
        level: columns.transform(frame(rows(Credit_Mix=pa.array([level] * ROWS, pa.string())), SAFE15))[0, -2]
        for level in ("Good", "Bad", "Splendid", None)
    }
    assert coded["Splendid"] == coded[None] == -1
    assert {coded["Good"], coded["Bad"]} == {0, 1}


def test_missing_numbers_become_the_median_of_the_training_rows() -> None:
    table = rows(Age=pa.array([10.0, 20.0, 60.0] * (ROWS // 3)))
    pipeline = untrained("GradientBoostingClassifier", SAFE15).fit(frame(table, SAFE15), LABELS)
    empty = frame(rows(Age=pa.nulls(ROWS, pa.float64())), SAFE15)
    numbers = [name for name in SAFE15 if name not in CATEGORICAL]
    assert set(pipeline.named_steps["columns"].transform(empty)[:, numbers.index("Age")]) == {20.0}


def test_a_feature_that_is_missing_everywhere_stops_nothing() -> None:
    table = rows(DTI=pa.nulls(ROWS, pa.float64()), Occupation=pa.nulls(ROWS, pa.string()))
    for name in EVERY:
        assert untrained(name, SAFE15).fit(frame(table, SAFE15), LABELS).predict(frame(table, SAFE15)).size == ROWS


def test_a_frame_has_the_features_alone_in_their_order() -> None:
    table = rows(loan_amt=pa.array([None, *range(1, ROWS)], pa.int64()), label=pa.array(LABELS))
    made = frame(table, SAFE15)
    assert tuple(made.columns) == SAFE15
    assert all(made[name].dtype == (object if name in CATEGORICAL else np.float64) for name in SAFE15)
    assert np.isnan(made["loan_amt"].iloc[0])
    known = [level for level in table["Credit_Mix"].to_pylist() if level is not None]
    assert made["Credit_Mix"].dropna().tolist() == known


def test_label_encoders_say_what_each_code_means() -> None:
    pipeline = untrained("LogisticRegression", SAFE15).fit(frame(rows(), SAFE15), LABELS)
    assert label_encoders(pipeline) == {"Credit_Mix": ["Bad", "Good"], "Occupation": ["Bad", "Good"]}


def test_a_candidate_that_keeps_missing_values_gets_them_and_the_codes_of_levels() -> None:
    pipeline = untrained("Scorecard", SAFE15).fit(frame(rows(), SAFE15), LABELS)
    given = pipeline[:-1].transform(frame(rows(), SAFE15))
    assert set(given.columns) == set(SAFE15)
    assert given["Age"].isna().sum() == rows()["Age"].null_count > 0
    assert given["Credit_Mix"].dtype == np.int64
    assert set(given["Credit_Mix"]) == {-1, 0, 1}
    words = {row["bin"] for row in points_document(pipeline)["rows"] if row["feature"] == "Credit_Mix"}
    assert words == {"missing", "Bad", "Good"}
    assert points_document(untrained("RandomForestClassifier", SAFE15).fit(frame(rows(), SAFE15), LABELS)) is None
