"""The candidates of a training: which model on which feature set, each by a name that says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.errors import JobError
from jobs.gold.features import FEATURE_SETS
from jobs.job import Job

# The slowest first: they are fitted side by side, and the last to start should not be the last by much.
CLASSIFIER_NAMES = ("GradientBoostingClassifier", "RandomForestClassifier", "LogisticRegression")
BOTH = "both"


@dataclass(frozen=True)
class Candidate:
    """A classifier on a feature set. `name` is the classifier's, with the feature set where several are trained."""

    name: str
    classifier: str
    feature_set: str

    @property
    def features(self) -> tuple[str, ...]:
        """The features it learns from, in their order."""
        return FEATURE_SETS[self.feature_set]


def candidates(feature_set: str) -> Mapping[str, Candidate]:
    """The candidates by name for the setting `feature_set`: the three on one set, or each of them on each set."""
    if feature_set != BOTH:
        return {name: Candidate(name, name, feature_set) for name in CLASSIFIER_NAMES}
    every = [(name, chosen) for name in CLASSIFIER_NAMES for chosen in FEATURE_SETS]
    return {f"{name} ({chosen})": Candidate(f"{name} ({chosen})", name, chosen) for name, chosen in every}


def candidate_names(job: Job) -> list[str]:
    """The parts of the training task: the names of its candidates."""
    return list(candidates(str(job.settings["feature_set"])))


def candidate_of(job: Job, name: str) -> Candidate:
    """The candidate of that name; JobError when the setting `feature_set` does not make one."""
    known = candidates(str(job.settings["feature_set"]))
    if name not in known:
        raise JobError(f"There is no candidate {name!r}; with this feature_set there are {', '.join(known)}.")
    return known[name]
