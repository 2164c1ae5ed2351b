"""Everything about one loan of a look-up: why it has its score, its features with their rows, payments, its scores."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import isclose
from typing import Any, Self

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.explanation import explanation_document
from engine.documents.lookup.scores import scores_document
from engine.documents.values import Document
from jobs.book.declaration import Book
from jobs.book.descriptions import feature_description
from jobs.book.features import Computed, Feature
from jobs.book.summary import known, months, origin
from jobs.gold.lookup import CustomerRows, payments, rows_by_id
from jobs.gold.origins import HIDDEN, FeatureOrigin, loan_origins
from jobs.job import Job
from storage.errors import LoanwatchError
from storage.lake.names import INFERENCE_FEATURES, PREDICTIONS

SAME = 1e-9  # relative, between the value that was scored and the one of the rows


@dataclass(frozen=True)
class Scored:
    """The rows of loans in the predictions and in the features that were scored, by loan."""

    predictions: Mapping[str, dict[str, Any]]
    features: Mapping[str, dict[str, Any]]

    @classmethod
    def of(cls, job: Job, loans: tuple[str, ...]) -> Self:
        """Those of these loans."""
        tables = (PREDICTIONS, "loan_id"), (INFERENCE_FEATURES, job.book.loan_id)
        return cls(*(rows_by_id(job, table, column, loans) for table, column in tables))


def loan_document(
    connection: Connection, deployment: Deployment, loan: Document, found: tuple[Job, CustomerRows, Scored]
) -> Document:
    """What `lookup_document` has of the loan that was chosen besides its dates and its score.

    `not_scored` and `not_explained` are sentences where there is no score or no explanation, else None.
    """
    job, rows, scored = found
    explained, why_not = _explained(connection, deployment, loan)
    return {
        "not_scored": None if loan["predicted_proba"] is not None else _not_scored(job, loan),
        "explanation": explained,
        "not_explained": why_not,
        "features": _features(job, rows, scored.features.get(loan["loan"]), (loan["loan"], explained)),
        "payments": payments(rows, job.book, loan["loan"]),
        **scores_document(connection, job, loan["loan"]),
    }


def _explained(connection: Connection, deployment: Deployment, loan: Document) -> tuple[Document | None, str | None]:
    if loan["predicted_proba"] is None:
        return None, None
    try:
        return explanation_document(connection, deployment, loan["loan"]), None
    except LoanwatchError as error:
        return None, str(error)


def _not_scored(job: Job, loan: Document) -> str:
    """Why a loan has no score, and what to do."""
    if PREDICTIONS not in job.tables:
        return "No loan was scored yet; run `python -m engine run inference`."
    if date.fromisoformat(loan["prediction_date"]) > job.as_of:
        after = months(job.book.prediction)
        return f"It can be scored from {loan['prediction_date']} on, {after} after its start."
    return (
        f"It is not among the predictions as of {job.as_of}: a source that every loan needs has no row of it, or its "
        "rows came later; `python -m engine run inference` scores it once they are there."
    )


def _features(
    job: Job, rows: CustomerRows, scored: Mapping[str, Any] | None, of: tuple[str, Document | None]
) -> list[Document]:
    """The features that are not hidden, those of the model first by what they add to the risk."""
    (loan, explained), book = of, job.book
    found = loan_origins(rows.tables, _without_medians(book), loan)
    if found is None:
        return []
    contributions = {one["feature"]: one for one in explained["contributions"]} if explained else {}
    features = []
    for declared, one in zip(book.features, found.features, strict=True):
        if not declared.hidden:
            value = _value(one, scored)
            note = _note(declared, one, value, flagged=bool(rows.flagged))
            features.append(
                {
                    **_feature(book, declared, one),
                    "value": value,
                    "note": note,
                    **_effect(contributions.get(one.feature)),
                }
            )
    return sorted(features, key=lambda one: (not one["in_model"], -(one["contribution"] or 0.0)))


def _value(found: FeatureOrigin, scored: Mapping[str, Any] | None) -> Any:
    """The value that was scored, or that of the rows for a loan without a score."""
    known_value = scored is not None and found.feature in scored and found.value != HIDDEN
    return scored[found.feature] if scored is not None and known_value else found.value


def _without_medians(book: Book) -> Book:
    """The same book in which nothing is imputed: the medians of one customer's rows say nothing."""
    sources = (
        replace(source, columns=tuple(replace(column, median=False) for column in source.columns))
        for source in book.sources
    )
    return replace(book, sources=tuple(sources))


def _effect(contribution: Document | None) -> Document:
    if contribution is None:
        return {"in_model": False, "typical": None, "contribution": None, "effect": None}
    return {"in_model": True, **{name: contribution[name] for name in ("typical", "contribution", "effect")}}


def _feature(book: Book, declared: Feature, found: FeatureOrigin) -> Document:
    """A feature and where it is from."""
    return {
        "feature": found.feature,
        "name": book.plain_name(found.feature),
        "description": feature_description(book, found.feature),
        "from": origin(declared),
        "known": known(book, declared),
        "inputs": dict(found.inputs) if found.inputs is not None else None,
        "rows": [dict(row) for row in found.rows],
    }


def _note(declared: Feature, found: FeatureOrigin, value: Any, *, flagged: bool) -> str:
    """What there is to know of a value that is not the one of the rows."""
    if _same(found.value, value):
        return found.note
    if isinstance(declared, Computed):
        return "made with the median of a column, because a row has no usable value"
    if found.value is None:
        return "the median of the column, because the row has no value"
    if flagged:
        return f"the median of the column, because the row's value {found.value} is outside of its limits"
    return f"the rows give {found.value} now; they changed since the loan was scored"


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return isclose(left, right, rel_tol=SAME)
    return bool(left == right)
