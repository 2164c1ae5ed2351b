"""Candidates: their estimators can be imported, take the parameters and give probabilities."""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from jobs.book.checks.finding import Finding, at
from jobs.book.checks.shape import candidates, sound, title
from jobs.book.declaration import Book
from jobs.book.features import Candidate


def candidate_findings(book: Book) -> Iterator[Finding]:
    """Findings about candidates that need no import of their estimators."""
    if not candidates(book) and sound(book, "candidates"):
        yield at(book, "the book: it has no candidate; declare at least one")
    elif candidates(book) and all(one.optional is True for one in candidates(book)):
        yield at(book, "the book: every candidate is optional, so that none is trained; make one not optional")
    for candidate in candidates(book):
        if sound(candidate, "parameters"):
            for name, value in candidate.parameters.items():
                if " at 0x" in repr(value):  # the default repr, which differs from process to process
                    told = f"the parameter {name} has no stable text ({type(value).__name__}); give a plain value"
                    yield at(candidate, f"{title(candidate)}: {told}")


def estimator_findings(book: Book) -> Iterator[Finding]:
    """Findings that need an import of the estimators, which takes seconds."""
    for candidate in candidates(book):
        if sound(candidate, "estimator") and (why := _unusable(candidate)):
            yield at(candidate, f"{title(candidate)}: {why}")


def _unusable(candidate: Candidate) -> str | None:
    """Why a candidate can't be trained; None when it can."""
    path = candidate.estimator
    estimator = _imported(path)
    if not inspect.isclass(estimator):
        return (
            f"the estimator {path} can't be imported; write a class such as 'sklearn.linear_model.LogisticRegression'"
        )
    if not sound(candidate, "parameters"):
        return None
    known = inspect.signature(estimator).parameters
    unknown = [name for name in candidate.parameters if name not in known]
    if unknown and all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in known.values()):
        return f"{path} has no parameter {', '.join(unknown)}; it has {', '.join(known)}"
    try:
        made = estimator(**candidate.parameters)
    except Exception as error:  # noqa: BLE001 - whatever a foreign class raises is a finding about it
        return f"{path} can't be made from its parameters ({error}); correct them"
    if not hasattr(made, "predict_proba"):
        return f"{path} gives no probabilities (`predict_proba`); choose another estimator or other parameters"
    return None


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(import_module(module), name, None)
    except Exception:  # noqa: BLE001 - a foreign module may raise anything while it is imported
        return None
