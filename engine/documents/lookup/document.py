"""The document of a look-up: a customer with the loans, and everything about one loan."""

from datetime import date
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.lookup.loan import Scored, loan_document
from engine.documents.lookup.reading import reading_job
from engine.documents.values import Document
from jobs.gold.lookup import customer_rows, quarantined, subject_of
from jobs.job import Job
from storage.lake.names import PREDICTIONS

SCORE = ("predicted_proba", "predicted_label", "model_version", "cohort")


def lookup_document(connection: Connection, deployment: Deployment, wanted: str) -> Document:
    """Whom the id of a customer or a loan is about, at the as-of date of the newest predictions.

    `kind` is `loan`, `customer` or, when no cleaned table has the id, `unknown`; `quarantined` may have records even
    then. `loans` are all of the customer, oldest first. `loan` is the one that was asked for, or the customer's only
    one, with all that is known of it; else None. Personal values are hidden.
    """
    job = reading_job(connection, deployment, "look up")
    predictions = job.tables.get(PREDICTIONS)
    if predictions is not None:
        (newest,) = job.datamart.head(predictions, 1, ["prediction_date"]).to_pylist() or [{"prediction_date": None}]
        job = reading_job(connection, deployment, "look up", newest["prediction_date"])
    empty = {"asked": wanted, "kind": "unknown", "customer": None, "as_of": job.as_of.isoformat(), "flagged": None}
    known = all(source.staged_table in job.tables for source in job.book.sources)
    subject = subject_of(job, wanted) if known else None
    if subject is None:
        return {**empty, "quarantined": quarantined(job, (wanted,)), "loans": [], "loan": None}
    rows = customer_rows(job, subject)
    scored = Scored.of(job, subject.loans)
    order = job.book.loan_start, job.book.loan_id
    loans = [_loan(job, scored, one) for one in sorted(rows.loans, key=itemgetter(*order))]
    wanted = subject.loan or (loans[0]["loan"] if len(loans) == 1 else "")
    chosen = next((one for one in loans if one["loan"] == wanted), None)
    return {
        **empty,
        "kind": "loan" if subject.loan else "customer",
        "customer": subject.customer,
        "flagged": rows.flagged or None,
        "quarantined": quarantined(job, (subject.customer, *subject.loans)),
        "loans": loans,
        "loan": chosen and {**chosen, **loan_document(connection, deployment, chosen, (job, rows, scored))},
    }


def _loan(job: Job, scored: Scored, dates: dict[str, Any]) -> Document:
    """A loan: its dates, amount, outcome as far as it is known at as-of, and score."""
    book = job.book
    loan = str(dates[book.loan_id])
    features, prediction = scored.features.get(loan, {}), scored.predictions.get(loan, {})
    return {
        "loan": loan,
        "start": dates[book.loan_start].isoformat(),
        "prediction_date": dates["prediction_date"].isoformat(),
        "observation_date": dates["observation_date"].isoformat(),
        "amount": features.get("exposure"),
        "outcome": _outcome(features, dates["observation_date"], job.as_of),
        **{name: prediction.get(name) for name in SCORE},
    }


def _outcome(features: dict[str, Any], known_on: date, as_of: date) -> str | None:
    label = features.get("label")
    return None if label is None or known_on > as_of else "bad" if label else "good"
