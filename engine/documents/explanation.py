"""The document about why a loan has its probability of default, and its sentences."""

from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.lookup.reading import reading_job
from engine.documents.values import Document
from engine.errors import UnusableRequest
from jobs.book.declaration import Book
from jobs.modelling.explanation.contributions import MOST_REASONS, ROUNDING
from jobs.modelling.explanation.loan import Explanation, FeatureContribution, explanation


def explanation_document(connection: Connection, deployment: Deployment, loan: str) -> Document:
    """The newest prediction of a loan and its reasons: the features that raise its risk most, at most four.

    `contributions` has all features, `others` is the sum of those that are no reason. Raises UnusableRequest when the
    loan has no prediction, and the errors of `explanation`.
    """
    book = deployment.book
    job = reading_job(connection, deployment, "explain")
    found = explanation(job, loan)
    if found is None:
        raise UnusableRequest(
            f"Loan {loan!r} has no prediction; check the id, or run `python -m engine run inference` once its "
            "prediction date has come."
        )
    return _document(book, found)


def prediction_sentence(document: Document) -> str:
    """The prediction of a loan: its probability of default, label, cut-off, cohort and model."""
    label = "predicted to default" if document["predicted_label"] else "predicted to be repaid"
    limit = f" (cut-off {document['cut_off']:.1%})" if document["cut_off"] is not None else ""
    return (
        f"Loan {document['loan']} of cohort {document['cohort']}: probability of default "
        f"{document['predicted_proba']:.1%}, {label}{limit}, by model {document['model_version']}."
    )


def typical_sentence(document: Document) -> str:
    """What the loan is compared with."""
    return f"A typical good payer has a probability of default of {document['typical_proba']:.1%}."


def sum_sentence(document: Document) -> str:
    """How the log-odds of the loan add up."""
    raised = sum(one["contribution"] for one in document["reasons"])
    return (
        f"Log-odds {document['log_odds']:+.2f}, a typical good payer's {document['typical_log_odds']:+.2f}: these "
        f"features add {raised:+.2f}, all others {document['others']:+.2f}."
    )


def value_text(value: Any) -> str:
    """The value of a feature; `missing` for None."""
    return "missing" if value is None else f"{value:,.6g}" if isinstance(value, int | float) else str(value)


def _document(book: Book, found: Explanation) -> Document:
    every = [_contribution(book, one) for one in found.features]
    reasons = [one for one in every if one["effect"] == "raises"][:MOST_REASONS]
    return {
        "loan": found.prediction["loan_id"],
        "cohort": found.prediction["cohort"],
        "scored_on": found.prediction["prediction_date"].isoformat(),
        "predicted_proba": found.prediction["predicted_proba"],
        "predicted_label": found.prediction["predicted_label"],
        "cut_off": found.cut_off,
        "flagged_reason": found.prediction.get("flagged_reason"),  # unknown in predictions of earlier releases
        "model_version": found.model.version,
        "model_name": found.model.model_name,
        "log_odds": found.log_odds,
        "typical_log_odds": found.typical_log_odds,
        "typical_proba": found.typical_proba,
        "reasons": reasons,
        "others": sum(one["contribution"] for one in every) - sum(one["contribution"] for one in reasons),
        "contributions": every,
    }


def _contribution(book: Book, one: FeatureContribution) -> Document:
    effect = "none" if abs(one.contribution) <= ROUNDING else "raises" if one.contribution > 0 else "lowers"
    return {
        "feature": one.feature,
        "name": book.plain_name(one.feature),
        "value": one.value,
        "typical": one.typical,
        "contribution": one.contribution,
        "effect": effect,
    }
