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


def candidates(feature_set: str, book: Book, chosen: str = "") -> Mapping[str, Candidate]:
    """The candidates by name for the settings `feature_set` and `candidates` (`chosen`).

    The chosen classifiers of the book on that set, on the book's first set for '', or on each set for `all` (see
    `is_every_set`). Raises JobError when the book has no such set or classifier.
    """
    classifiers = chosen_classifiers(chosen, book)
    every_set = is_every_set(feature_set, book)
    if every_set and len(book.feature_sets) > 1:
        every = [(one, name) for one in classifiers for name in book.feature_sets]
        named = {f"{one.label} ({name})": (one, name) for one, name in every}
    else:
        name = book.default_feature_set if feature_set == "" or every_set else feature_set
        if name not in book.feature_sets:
            raise JobError(f"There is no feature set {name!r}; the book has {', '.join(book.feature_sets)}.")
        named = {one.label: (one, name) for one in classifiers}
    return {name: Candidate(name, one, own, book.feature_sets[own]) for name, (one, own) in named.items()}


def trained_candidates(job: Job) -> Mapping[str, Candidate]:
    """The candidates by name for the settings of a training."""
    chosen = str(job.settings.get("candidates", ""))
    return candidates(str(job.settings["feature_set"]), job.book, chosen)


def chosen_classifiers(chosen: str, book: Book) -> list[declared.Candidate]:
    """The classifiers that the setting `candidates` names, or those that are not optional for '', in the book's order.

    Raises JobError for a name that the book does not have.
    """
    names = {name for part in chosen.split(",") if (name := part.strip())}
    known = [one.label for one in book.candidates]
    if unknown := sorted(names - set(known)):
        raise JobError(f"There is no candidate {unknown[0]!r}; the book has {', '.join(known)}.")
    return [one for one in book.candidates if (one.label in names if names else not one.optional)]


def candidates_to_train_again(model_name: str, book: Book) -> str:
    """The setting `candidates` with which a model of that name is trained again: '' unless it is of an optional one."""
    label = model_name.partition(" (")[0]
    if not any(one.label == label and one.optional for one in book.candidates):
        return ""
    return ",".join(one.label for one in book.candidates if one.label == label or not one.optional)


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
    known = trained_candidates(job)
    found = {}
    for name, candidate in known.items():
        found[name] = Fit(candidate, None)
        found |= {f"{name}, fold {fold} of {FOLDS}": Fit(candidate, fold) for fold in range(1, FOLDS + 1)}
    return found


def fit_names(job: Job) -> list[str]:
    """The partitions of the training task: the names of its fits."""
    return list(fits(job))


def fit_of(job: Job, name: str) -> Fit:
    """The fit of that name. Raises JobError when the setting `feature_set` has no such fit."""
    known = fits(job)
    if name not in known:
        raise JobError(f"There is no fit {name!r}; with this feature_set there are {'; '.join(known)}.")
    return known[name]
