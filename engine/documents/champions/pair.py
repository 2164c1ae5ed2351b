"""The document about two models on the same loans: ROC, calibration and score distribution of each."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from engine.control.promotion import registered
from engine.definitions.task import function_named
from engine.deployment import Deployment
from engine.documents.candidates import difference_text
from engine.documents.values import Document
from engine.errors import UnusableRequest
from jobs.book.digest import digest
from jobs.job import Job
from jobs.statistics.rounding import figure
from storage.lake.names import TRAINING_DATA
from storage.ledger.catalog import current_versions

# By name, because its imports are slow, and `models` needs them only to compare two models.
PAIR = "jobs.modelling.promotion.pair:pair"


def pair_document(connection: Connection, deployment: Deployment, a: str, b: str) -> Document:
    """Two versions on the loans of the newest training data that neither learned from.

    `a` and `b` have version, ROC points, calibration and shares of loans by score; `difference` is the AUC of a minus
    that of b, `not_in_arrears` the same of the loans not in arrears at scoring. Raises UnusableRequest for an unknown
    version or without training data, and the errors of `pair`.
    """
    models = [registered(connection, version) for version in (a, b)]
    if a == b:
        raise UnusableRequest(f"Both versions are {a}; name another one to compare it with.")
    tables = current_versions(connection)
    if TRAINING_DATA not in tables:
        raise UnusableRequest("There is no training data; run `python -m engine run training`.")
    job = Job(
        task="pair",
        run_id="pair",
        as_of=deployment.today(),
        stamp="",
        roots=deployment.roots,
        tables=tables,
        declaration=deployment.settings.book,
        book_digest=digest(deployment.book),
    )
    return asdict(function_named(PAIR)(job, *models))


def pair_sentences(found: Mapping[str, Any]) -> list[str]:
    """Which of the two ranks the same loans better, in sentences."""
    difference, apart = found["difference"], found["not_in_arrears"]
    a, b = found["a"]["version"], found["b"]["version"]
    told = [
        (
            f"On {difference['n']:,} loans that neither learned from, {difference['positives']:,} of which defaulted, "
            f"the AUC of {a} is {figure(difference['auc_a'])}, that of {b} {figure(difference['auc_b'])}. "
            f"{_verdict(difference, a, b)}"
        )
    ]
    if apart and apart["difference"] is not None and apart["n"] != difference["n"]:
        told.append(
            f"On the {apart['n']:,} of them not in arrears at scoring it is {figure(apart['auc_a'])} against "
            f"{figure(apart['auc_b'])}, difference {difference_text(apart)}."
        )
    return told


def _verdict(difference: Mapping[str, Any], a: str, b: str) -> str:
    low, high = difference["low"], difference["high"]
    if low is None or high is None:
        return "There are too few loans to tell them apart."
    if low <= 0 <= high:
        return f"They can't be told apart: difference {difference_text(difference)}."
    return f"{a if low > 0 else b} ranks better: difference {difference_text(difference)}."
