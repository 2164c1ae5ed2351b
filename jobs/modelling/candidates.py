"""The candidates of a training: each is a classifier on a feature set, with a name that says so; and their fits."""

from collections.abc import Mapping
from dataclasses import dataclass

from jobs.book import features as declared
from jobs.book.declaration import Book
from jobs.errors import JobError
from jobs.job import Job

ALL, BOTH = "all", "both"  # every feature set of the book; `both` is the older word
FOLDS = 3  # two leave boosting's curve too flat, five do no better than three; each further one costs a fit


@dataclass(frozen=True)
class Candidate:
    """A classifier on a feature set. `name` includes the feature set if several are trained on."""

    name: str
    classifier: declared.Candidate
    feature_set: str
    features: tuple[str, ...]


def candidates(feature_set: str, book: Book) -> Mapping[str, Candidate]:
    """The candidates by name for the setting `feature_set`.

    Every classifier of the book on that set, on the book's first set for '', or on each set for `all` (see
    `is_every_set`). Raises JobError when the book has no such set.
    """
    every_set = is_every_set(feature_set, book)
    if every_set and len(book.feature_sets) > 1:
        every = [(one, name) for one in book.candidates for name in book.feature_sets]
        named = {f"{one.label} ({name})": (one, name) for one, name in every}
    else:
        name = book.default_feature_set if feature_set == "" or every_set else feature_set
        if name not in book.feature_sets:
            raise JobError(f"There is no feature set {name!r}; the book has {', '.join(book.feature_sets)}.")
        named = {one.label: (one, name) for one in book.candidates}
    return {name: Candidate(name, one, chosen, book.feature_sets[chosen]) for name, (one, chosen) in named.items()}


def is_every_set(feature_set: str, book: Book) -> bool:
    """Whether the setting means every feature set: `all`, unless the book has a set of that name, or `both`."""
    return feature_set in (ALL, BOTH) and feature_set not in book.feature_sets


def word_for_every_set(book: Book) -> str:
    """The value of the setting `feature_set` that means every feature set of a book."""
    return BOTH if ALL in book.feature_sets else ALL


@dataclass(frozen=True)
class Fit:
    """A fit of a candidate: on all train rows, or without those of `fold` (from 1), which it then scores."""

    candidate: Candidate
    fold: int | None


def fits(job: Job) -> Mapping[str, Fit]:
    """The fits of a training by name: of each candidate one on all train rows, and one for each fold."""
    known = candidates(str(job.settings["feature_set"]), job.book)
    found = {}
    for name, candidate in known.items():
        found[name] = Fit(candidate, None)
        found |= {f"{name}, fold {fold} of {FOLDS}": Fit(candidate, fold) for fold in range(1, FOLDS + 1)}
    return found


def fit_names(job: Job) -> list[str]:
    """The parts of the training task: the names of its fits."""
    return list(fits(job))


def fit_of(job: Job, name: str) -> Fit:
    """The fit of that name. Raises JobError when the setting `feature_set` has no such fit."""
    known = fits(job)
    if name not in known:
        raise JobError(f"There is no fit {name!r}; with this feature_set there are {'; '.join(known)}.")
    return known[name]
