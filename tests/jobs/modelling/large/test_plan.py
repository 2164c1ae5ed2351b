"""What is fitted of many train rows: the rule, and a training run that says what it did."""

import json
from typing import Any

import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from jobs.book.features import Candidate
from jobs.modelling.fits import fit_candidate
from jobs.modelling.frames import frame
from jobs.modelling.large.plan import DECLARED, FEWER, HISTOGRAM, SAMPLE, fit_plan, fits_document, why
from jobs.modelling.pipelines import untrained
from storage.lake.names import TRAINING_DATA
from tests.commands import command
from tests.job_factory import JobFactory
from tests.retail import CLASSIFIERS, SAFE15, SCORECARD
from tests.sandbox import Sandbox

BOOSTING, FOREST, LOGISTIC = (
    CLASSIFIERS[name] for name in ("GradientBoostingClassifier", "RandomForestClassifier", "LogisticRegression")
)
TRAIN = "train_evaluate_select_model"


def boosting(**parameters: Any) -> Candidate:
    return Candidate("sklearn.ensemble.GradientBoostingClassifier", parameters)


@pytest.mark.parametrize("declared", [*CLASSIFIERS.values(), boosting(subsample=0.5)])
def test_up_to_the_limit_everything_is_fitted_as_declared(declared: Candidate) -> None:
    for rows, limit in ((200_000, 200_000), (10**7, None)):
        plan = fit_plan(declared, rows, limit)
        assert plan.classifier_on(rows) is declared
        assert plan.rows_of(rows) == rows
        assert why(plan, rows) == ""
        assert fits_document({"any": plan}, rows) == {}


@pytest.mark.parametrize(
    ("declared", "way"),
    [
        (BOOSTING, HISTOGRAM),
        (boosting(), HISTOGRAM),
        (boosting(min_samples_leaf=50, max_leaf_nodes=12, learning_rate=0.2), HISTOGRAM),
        (boosting(subsample=0.5), SAMPLE),
        (boosting(min_samples_leaf=0.01), SAMPLE),
        (FOREST, FEWER),
        (Candidate("sklearn.ensemble.RandomForestClassifier", {"max_samples": 0.1}), DECLARED),
        (Candidate("sklearn.ensemble.RandomForestClassifier", {"bootstrap": False}), DECLARED),
        (LOGISTIC, DECLARED),
        (SCORECARD, DECLARED),
    ],
)
def test_beyond_the_limit_the_estimator_and_its_parameters_decide(declared: Candidate, way: str) -> None:
    plan = fit_plan(declared, 1001, 1000)
    assert plan.way == way
    assert plan.classifier_on(1001).label == declared.label
    assert plan.rows_of(1001) == (1000 if way == SAMPLE else 1001)
    untrained(plan.classifier_on(1001), (), ())  # its parameters exist


def test_histogram_boosting_has_the_parameters_of_the_declared_one() -> None:
    made = fit_plan(BOOSTING, 1001, 1000).classifier
    classifier = HistGradientBoostingClassifier(**made.parameters)
    assert (classifier.max_iter, classifier.max_depth, classifier.learning_rate) == (100, 5, 0.1)
    assert (classifier.random_state, classifier.early_stopping, classifier.max_leaf_nodes) == (42, False, None)


def test_a_tree_draws_no_more_rows_than_a_fold_leaves() -> None:
    plan = fit_plan(FOREST, 1200, 1000)
    assert plan.classifier_on(1200).parameters == {**FOREST.parameters, "max_samples": 1000}
    assert plan.classifier_on(800).parameters == {**FOREST.parameters, "max_samples": 800}


def test_of_a_sample_the_rows_that_were_fitted_are_told() -> None:
    plans = {"a": fit_plan(boosting(subsample=0.5), 5000, 1000), "b": fit_plan(FOREST, 5000, 1000)}
    found = fits_document(plans, 5000)
    assert {name: (fit["fitted_rows"], fit["train_rows"], fit["exact_fit_rows"]) for name, fit in found.items()} == {
        "a": (1000, 5000, 1000),
        "b": (5000, 5000, 1000),
    }
    assert "on a stratified sample of 1,000 of 5,000 train rows, because" in found["a"]["why"]
    assert "Each tree of the forest draws 1,000 of all 5,000 train rows, because" in found["b"]["why"]


def test_at_the_limit_a_forest_has_the_same_bytes(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    table = trained_sandbox.table(TRAINING_DATA)
    rows = table["split"].to_pylist().count("train")
    made = []
    for settings in ({}, {"exact_fit_rows": rows}, {"exact_fit_rows": rows - 1}):
        job = job_factory.job(
            {TRAINING_DATA: table}, settings={"feature_set": "safe15", **settings}, partition=FOREST.label
        )
        made.append(fit_candidate(job).artifacts[0].sha256)
    assert made[0] == made[1] != made[2]


def test_a_sample_is_fitted_whatever_the_order_of_the_rows(
    trained_sandbox: Sandbox, job_factory: JobFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exact boosting with a parameter that histogram boosting does not have."""
    table = trained_sandbox.table(TRAINING_DATA)
    monkeypatch.setitem(BOOSTING.parameters, "min_impurity_decrease", 0.0)
    settings = {"feature_set": "safe15", "exact_fit_rows": 300}
    scores = []
    for rows in (table, table.take(list(range(table.num_rows))[::-1])):
        made = fit_candidate(job_factory.job({TRAINING_DATA: rows}, settings=settings, partition=BOOSTING.label))
        pipeline = job_factory.job().models.load(made.artifacts[0])
        assert int(pipeline[-1].classifier_.estimators_[0, 0].tree_.n_node_samples[0]) == 300
        scores.append(pipeline.predict_proba(frame(table, SAFE15)).tolist())
    assert scores[0] == scores[1]


def test_a_run_beyond_the_limit_says_what_was_fitted_and_why(sandbox: Sandbox) -> None:
    names = f"{BOOSTING.label},{LOGISTIC.label}"
    run = sandbox.succeed("training", data=sandbox.data(), exact_fit_rows=500, candidates=names)
    metadata = sandbox.values(run, TRAIN)["metadata"]
    rows = metadata["rows"]["train"]["loans"]
    found = metadata["fits"]
    assert rows > 500
    assert {name: (fit["way"], fit["fitted_rows"], fit["train_rows"]) for name, fit in found.items()} == {
        BOOSTING.label: (HISTOGRAM, rows, rows)
    }
    assert metadata["hyperparameters"][BOOSTING.label]["max_iter"] == 100
    said = sandbox.log(run, TRAIN)
    assert f"Histogram boosting of all {rows:,} train rows stands in for exact boosting" in said
    version = sandbox.values(run, "store_best_model")["version"]
    done = command("models", version, "--home", str(sandbox.home))
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    assert "stands in for exact boosting, because there are more than exact_fit_rows, 500." in " ".join(shown.split())
    (asked,) = json.loads(command("models", version, "--home", str(sandbox.home), "--json").stdout)
    assert asked["fits"] == found


def test_a_run_below_the_limit_says_nothing_of_it(trained_sandbox: Sandbox) -> None:
    model = trained_sandbox.champions()[0]
    metadata = json.loads(trained_sandbox.deployment.models.read(model.files["metadata"]))
    assert "fits" not in metadata
    assert metadata["hyperparameters"] == {one.label: one.parameters for one in CLASSIFIERS.values()}
