"""Documents about the features of one loan."""

from datetime import date
from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.lookup.reading import reading_job
from engine.documents.values import Document
from engine.errors import Refused, UnusableRequest
from jobs.book.features import Feature
from jobs.book.summary import known, origin
from jobs.gold.checked import checked_tables
from jobs.gold.origins import FeatureOrigin, LoanOrigins, loan_origins


def features_document(connection: Connection, deployment: Deployment, loan: str, as_of: date) -> Document:
    """The features of a loan at a date, each with the rows that it was made of; personal values are hidden.

    Raises UnusableRequest when the cleaned tables have no such loan, and Refused when it can't be scored at that date.
    """
    book = deployment.book
    job = reading_job(connection, deployment, "book features", as_of)
    staged = {source.silver: job.table(source.staged_table) for source in book.sources}
    found = loan_origins(checked_tables(job, staged).governed, book, loan)
    if found is None:
        raise UnusableRequest(
            f"Loan {loan!r} has no row on {as_of} that passes quality control; check the id and --as-of, or see in the "
            "row accounting of the Data page how many customers are flagged."
        )
    prediction_date = found.loan["prediction_date"]
    if prediction_date > as_of:
        raise Refused(f"Loan {loan} can't be scored on {as_of}: its prediction date is {prediction_date}.")
    return _document(deployment, found, as_of)


def _document(deployment: Deployment, found: LoanOrigins, as_of: date) -> Document:
    book = deployment.book
    declared = {feature.name: feature for feature in book.features}
    return {
        "loan": found.loan[book.loan_id],
        "customer": found.loan[book.customer_id],
        "start": found.loan[book.loan_start],
        "prediction_date": found.loan["prediction_date"],
        "as_of": as_of,
        "left_out": found.left_out,
        "features": [_feature(book, declared[one.feature], one) for one in found.features],
    }


def _feature(book: Any, feature: Feature, found: FeatureOrigin) -> Document:
    return {
        "feature": feature.name,
        "description": feature.description,
        "value": found.value,
        "from": origin(feature),
        "known": known(book, feature),
        "inputs": dict(found.inputs) if found.inputs is not None else None,
        "rows": [dict(row) for row in found.rows],
        "note": found.note,
        "hidden": feature.hidden,
    }
