"""The three questions about a monitoring date, each with its answer and the sentence that gives the numbers.

Does it rank? Has the population moved? Are the levels right?
"""

from collections.abc import Mapping
from typing import Any

from engine.documents.validation import backtest_in_words, has_known_form, uncalibrated_in_words
from engine.documents.values import Document
from jobs.governance.breaches import Thresholds
from jobs.governance.verdict import judged_auc_words, psi_words
from jobs.statistics.rounding import figure

RANKS, MOVED, LEVELS = "Does it rank?", "Has the population moved?", "Are the levels right?"
UNKNOWN = "Not known"
ALTOGETHER = "Yes, over all loans"
LIGHTS = {"green": "Yes", "amber": "Not quite", "red": "No"}


def questions_of(values: Mapping[str, Any], limits: Thresholds, scores: str) -> list[Document]:
    """The questions in order, each with `question`, `answer` and `sentence`.

    `values` are those of the metrics of a monitoring run, with the monitoring date in their row. `scores` says where
    the scores moved.
    """
    row = values["row"]
    return [
        _document(RANKS, ranks(row, limits)),
        _document(MOVED, moved(row, limits, scores)),
        _document(LEVELS, levels(values.get("validation"), str(row["model_version"]))),
    ]


def ranks(row: Mapping[str, Any], limits: Thresholds) -> tuple[str, str]:
    """(the answer, the sentence) about the AUC that the gate judges, with KS and Gini of the same loans."""
    words = f"{judged_auc_words(row, limits)}."
    if row["auc_status"] != "measured":
        return UNKNOWN, words
    beside = [
        f"{name} {figure(row[key])}" for name, key in (("KS", "ks"), ("Gini", "gini")) if row.get(key) is not None
    ]
    words += f" {', '.join(beside)}." if beside else ""
    if row["auc"] >= limits.auc:
        return "Yes" if row["auc_low"] >= limits.auc else "Yes, within noise", words
    return "No" if row["auc_high"] < limits.auc else "No, within noise", words


def moved(row: Mapping[str, Any], limits: Thresholds, scores: str) -> tuple[str, str]:
    """(the answer, the sentence) about the PSI of the scores, and where they moved."""
    words = psi_words(row, limits)
    words = f"{words[:1].upper()}{words[1:]}.{' ' if scores else ''}{scores}"
    if row["psi"] is None:
        return UNKNOWN, words
    above = row["psi"] > row["psi_chance_level"]
    if row["psi"] >= limits.psi:
        return "Yes" if above else "Yes, within noise", words
    return ("A little" if row["psi"] >= limits.psi_watch and above else "No"), words


def levels(validation: Mapping[str, Any] | None, version: str) -> tuple[str, str]:
    """(the answer, the sentence) about mean PD and bad rate, of all loans and of the cohorts."""
    if validation is None or not has_known_form(validation):
        return UNKNOWN, "An earlier release monitored this date, without a backtest."
    if words := uncalibrated_in_words(validation, version):
        return "No", words
    rows = validation["backtest"]
    return _light(rows[0]) if rows else UNKNOWN, backtest_in_words(rows)


def _light(whole: Mapping[str, Any]) -> str:
    """The answer by the light of all loans; it is limited to these where the loans not in arrears have a worse one."""
    apart = (whole.get("not_in_arrears") or {}).get("light")
    if whole["light"] == "green" and apart in ("amber", "red"):
        return ALTOGETHER
    return LIGHTS.get(whole["light"], UNKNOWN)


def _document(question: str, told: tuple[str, str]) -> Document:
    return {"question": question, "answer": told[0], "sentence": told[1]}
