"""A forest that is fitted in shares of its trees."""

import pickle
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from jobs.book.features import Candidate
from jobs.job import Job, TaskResult
from jobs.modelling.fits import fit_candidate, fit_share
from jobs.modelling.frames import frame
from jobs.modelling.large.trees import forest_of_share, shares_of, with_trees
from jobs.modelling.pipelines import fit_reproducibly, last_step, untrained
from jobs.modelling.splits import labels_of
from jobs.subtasks import Offloaded, offloaded_with
from storage.lake.names import TRAINING_DATA
from tests.job_factory import JobFactory
from tests.retail import CATEGORICAL, CLASSIFIERS, SAFE15
from tests.sandbox import Sandbox

FOREST = CLASSIFIERS["RandomForestClassifier"]
FEW = replace(FOREST, parameters={**FOREST.parameters, "n_estimators": 10, "max_samples": 200})
LIMIT = 300


@pytest.mark.parametrize(
    ("parameters", "shares"),
    [
        ({"n_estimators": 10, "random_state": 1}, [(0, 2), (2, 5), (5, 7), (7, 10)]),
        ({"random_state": 1}, [(0, 25), (25, 50), (50, 75), (75, 100)]),
        ({"n_estimators": 2, "random_state": 1}, [(0, 1), (1, 2)]),
        ({"n_estimators": 10}, [(0, 10)]),  # without a seed each fit is another one
        ({"n_estimators": 10, "random_state": 1, "oob_score": True}, [(0, 10)]),  # a score of all trees
        ({"n_estimators": 0, "random_state": 1}, [(0, 0)]),  # scikit-learn says what is wrong
    ],
)
def test_every_tree_is_in_one_share(parameters: dict[str, Any], shares: list[tuple[int, int]]) -> None:
    assert shares_of(Candidate("sklearn.ensemble.RandomForestClassifier", parameters)) == shares


def test_joined_shares_are_the_forest_that_is_fitted_at_once(trained_sandbox: Sandbox) -> None:
    table = trained_sandbox.table(TRAINING_DATA)
    inputs, labels = frame(table, SAFE15), labels_of(table)
    whole = fit_reproducibly(untrained(FEW, SAFE15, CATEGORICAL), inputs, labels)
    pipeline = untrained(FEW, SAFE15, CATEGORICAL)
    transformed = pipeline[:-1].fit_transform(inputs, labels)
    fitted = [fit_reproducibly(last_step(forest_of_share(FEW, share)), transformed, labels) for share in shares_of(FEW)]
    found = with_trees(pipeline, [pickle.loads(pickle.dumps(one)) for one in fitted])
    assert found.predict_proba(inputs).tolist() == whole.predict_proba(inputs).tolist()
    mine, theirs = found[-1].classifier_, whole[-1].classifier_
    assert [one.random_state for one in mine.estimators_] == [one.random_state for one in theirs.estimators_]
    assert mine.get_params() == theirs.get_params()
    assert found[-1].classifier.get_params() == whole[-1].classifier.get_params()


def test_a_forest_has_the_same_bytes_whoever_fits_its_shares(trained_sandbox: Sandbox, job_factory: JobFactory) -> None:
    """The fit on all train rows, and that without a fold, whose scores and reasons are the same too."""
    table, taken = trained_sandbox.table(TRAINING_DATA), []

    def offload(function: str, job: Job, items: Sequence[Any]) -> list[Offloaded]:
        assert function == "jobs.modelling.fits:fit_share"
        taken.extend(items[1:])
        job = pickle.loads(pickle.dumps(job))
        return [InTime(fit_share(job, item)) for item in items[1:]]

    def results() -> list[tuple[Any, Any]]:
        made: list[tuple[Any, Any]] = []
        for part in (FOREST.label, f"{FOREST.label}, fold 2 of 3"):
            settings = {"feature_set": "safe15", "exact_fit_rows": LIMIT}
            job = job_factory.job({TRAINING_DATA: table}, settings=settings, partition=part)
            result = fit_candidate(job)
            made.append((kept(job, result), result.values))
        return made

    alone = results()
    with offloaded_with(offload):
        assert results() == alone
    assert taken == [(25, 50), (50, 75), (75, 100)] * 2


@dataclass(frozen=True)
class InTime:
    """A subtask that another process has run."""

    found: bytes

    def has_begun(self) -> bool:
        return True

    def result(self) -> bytes:
        return self.found

    def cancel(self) -> None:
        """Does nothing: it has ended."""


def kept(job: Job, result: TaskResult) -> Any:
    """The digest of the fitted pipeline, or the scores of the fold."""
    if result.artifacts:
        return result.artifacts[0].sha256
    return job.datamart.read(result.tables[0])["raw_score"].to_pylist()
