"""The document about two models on the same loans: ROC, calibration and score distribution of each; and its words.

Every difference is that of a minus that of b: in the document, in its sentences and rows, and in the charts.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from engine.control.promotion import registered
from engine.definitions.task import function_named
from engine.deployment import Deployment
from engine.documents.candidates import difference_text, interval_text
from engine.documents.values import Document
from engine.errors import UnusableRequest
from jobs.book.digest import digest
from jobs.job import Job
from jobs.statistics.rounding import count, figure, signed
from storage.lake.names import TRAINING_DATA
from storage.ledger.catalog import current_versions
from storage.ledger.models import ModelVersion

# By name, because its imports are slow, and `models` needs them only to compare two models.
PAIR = "jobs.modelling.promotion.pair:pair"
BETTER = "✓ better"  # beside an AUC
ROUNDING = "Differences are taken before rounding."


def pair_document(connection: Connection, deployment: Deployment, a: str, b: str) -> Document:
    """Two versions on the loans of the newest training data that neither learned from.

    `a` and `b` have version, ROC points, calibration and shares of loans by score, and under `own_test` the AUC on the
    test loans of its own training; `difference` is the AUC of a minus that of b, `not_in_arrears` the same of the loans
    not in arrears at scoring; `training_data` is the version of that table. Raises UnusableRequest for an unknown
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
    found = asdict(function_named(PAIR)(job, *models))
    own = {side: {**found[side], "own_test": _own_test(model)} for side, model in zip("ab", models, strict=True)}
    return {**found, **own, "training_data": tables[TRAINING_DATA].version}


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
    numbers = f"{a} minus {b} is {difference_text(difference)}"
    side = better(difference)
    return f"{a if side == 'a' else b} ranks better: {numbers}." if side else f"They can't be told apart: {numbers}."


def better(difference: Mapping[str, Any]) -> str:
    """`a` or `b`, the side with the better AUC; '' when the interval of the difference includes 0 or is not known."""
    low, high = difference["low"], difference["high"]
    if low is None or high is None or low <= 0 <= high:
        return ""
    return "a" if low > 0 else "b"


def same_loans_rows(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """The AUC of both on the same loans, as `AUC`, `a`, `b`, `a_minus_b` and the side that is `better`.

    A second row has those of the loans not in arrears at scoring, where that is known and others were.
    """
    difference, apart = found["difference"], found["not_in_arrears"]
    rows = [_row(f"on the same {count(difference['n'])} loans", difference)]
    if apart and apart["difference"] is not None and apart["n"] != difference["n"]:
        rows.append(_row(f"on the {count(apart['n'])} of them not in arrears", apart))
    return rows


def pair_rows(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """The rows of `same_loans_rows` with the better AUC marked, and under them the AUC of each on its own test loans.

    The last row is on different loans where the two were trained on different data, which its name says.
    """
    rows = [
        {**row, side: f"{row[side]} {BETTER}"} if (side := row["better"]) else row for row in same_loans_rows(found)
    ]
    one, other = (found[side]["own_test"] for side in "ab")
    texts = {side: _own_text(found[side]["own_test"]) for side in "ab"}
    aucs = one["test_auc"], other["test_auc"]
    change = "-" if None in aucs else signed(aucs[0] - aucs[1])
    return [*rows, {"AUC": "on the test loans of its own training", **texts, "a_minus_b": change}]


def _own_test(model: ModelVersion) -> dict[str, Any]:
    """AUC, interval and number of the test loans of the model's own training; None for what is not known."""
    metrics = model.summary.get("candidates", {}).get(model.model_name, {})
    loans = model.summary.get("rows", {}).get("test", {}).get("loans")
    return {**{name: metrics.get(name) for name in ("test_auc", "auc_low", "auc_high")}, "n": loans}


def _own_text(own: Mapping[str, Any]) -> str:
    return f"{figure(own['test_auc'])} ({interval_text(own)}), {count(own['n'])} loans"


def _row(which: str, difference: Mapping[str, Any]) -> dict[str, str]:
    low, high = difference["low"], difference["high"]
    interval = "" if low is None or high is None else f" ({signed(low)} to {signed(high)})"
    aucs = {side: figure(difference[f"auc_{side}"]) for side in "ab"}
    change = f"{signed(difference['difference'])}{interval}"
    return {"AUC": which, **aucs, "a_minus_b": change, "better": better(difference)}
