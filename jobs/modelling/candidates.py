"""The candidates of a training: each is a classifier on a feature set, with a name that says so."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.book import features as declared
from jobs.book.retail import BOOK
from jobs.errors import JobError
from jobs.gold.features import FEATURE_SETS
from jobs.job import Job

CLASSIFIERS: Mapping[str, declared.Candidate] = {candidate.label: candidate for candidate in BOOK.candidates}
BOTH = "both"


@dataclass(frozen=True)
class Candidate:
    """A classifier on a feature set. `name` includes the feature set if several are trained on."""

    name: str
    classifier: str
    feature_set: str

    @property
    def features(self) -> tuple[str, ...]:
        """Its features, in order."""
        return FEATURE_SETS[self.feature_set]


def candidates(feature_set: str) -> Mapping[str, Candidate]:
    """The candidates by name for the setting `feature_set`: every classifier on that set, or on each set for `both`."""
    if feature_set != BOTH:
        return {name: Candidate(name, name, feature_set) for name in CLASSIFIERS}
    every = [(name, chosen) for name in CLASSIFIERS for chosen in FEATURE_SETS]
    return {f"{name} ({chosen})": Candidate(f"{name} ({chosen})", name, chosen) for name, chosen in every}


def candidate_names(job: Job) -> list[str]:
    """The parts of the training task: the names of its candidates."""
    return list(candidates(str(job.settings["feature_set"])))


def candidate_of(job: Job, name: str) -> Candidate:
    """The candidate of that name. Raises JobError when the setting `feature_set` has no such candidate."""
    known = candidates(str(job.settings["feature_set"]))
    if name not in known:
        raise JobError(f"There is no candidate {name!r}; with this feature_set there are {', '.join(known)}.")
    return known[name]
