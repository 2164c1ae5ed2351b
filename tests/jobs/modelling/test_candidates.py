"""Which classifiers of a book are trained: those that are not optional, or those that are named."""

import pytest

from jobs.errors import JobError
from jobs.modelling.candidates import candidates, candidates_to_train_again, fit_names
from tests.job_factory import JobFactory
from tests.retail import BOOK, CLASSIFIERS, SCORECARD


def test_an_optional_candidate_is_trained_when_it_is_named(job_factory: JobFactory) -> None:
    assert list(candidates("", BOOK)) == [*CLASSIFIERS]
    assert list(candidates("", BOOK, " Scorecard, LogisticRegression ")) == ["LogisticRegression", "Scorecard"]
    assert list(candidates("all", BOOK, "Scorecard")) == [f"Scorecard ({name})" for name in BOOK.feature_sets]
    job = job_factory.job(settings={"feature_set": "full", "candidates": "Scorecard"})
    assert {name.partition(",")[0] for name in fit_names(job)} == {"Scorecard"}


def test_an_unknown_candidate_is_named() -> None:
    known = ", ".join([*CLASSIFIERS, SCORECARD.label])
    with pytest.raises(JobError, match=f"There is no candidate 'Forest'; the book has {known}"):
        candidates("", BOOK, "Forest,Scorecard")


def test_a_retraining_has_an_optional_candidate_when_the_champion_is_one() -> None:
    assert candidates_to_train_again("LogisticRegression (safe15)", BOOK) == ""
    again = candidates_to_train_again("Scorecard (full)", BOOK)
    assert list(candidates("", BOOK, again)) == [*CLASSIFIERS, SCORECARD.label]
