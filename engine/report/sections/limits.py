"""Limits: which loans the model is not for, which numbers are not judged, and what is known to be wrong."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup

from engine.documents.candidates import CALIBRATION_ERROR, arrears_note
from engine.report.facts import Facts, Parts
from engine.report.markup import items, paragraph
from jobs.accounting.flagged import flagged_numbers, flagged_sentence
from jobs.governance.sentences import arrears_sentence, not_judged, window_sentence
from jobs.modelling.champion import other_libraries
from jobs.monitoring.segments import LEAST_LOANS
from storage.errors import LoanwatchError
from storage.ledger.decisions import DATA_FAULT
from storage.ledger.models import model_of_row


def listed(sentences: Callable[[Facts], Iterator[str]]) -> Callable[[Facts], Markup]:
    """The sentences as a list."""
    return lambda facts: items(sentences(facts))


@listed
def _flagged(facts: Facts) -> Iterator[str]:
    checks = [column.name for source in facts.book.sources for column in source.columns if column.checked]
    yield (
        f"A customer is flagged who fails a check of {', '.join(dict.fromkeys(checks))}. Their loans are not in "
        "training and in no metric; the model is not meant for them."
        if checks
        else "The book declares no checks, so no customer is flagged."
    )
    for one in facts.training:
        if one.kind == "customers":
            yield f"In the training: {one.counted}: {', '.join(one.parts_in_words)}."
    row = facts.monitored.row
    yield flagged_sentence(flagged_numbers(row)) if row else ""


@listed
def _arrears(facts: Facts) -> Iterator[str]:
    row = facts.monitored.row
    told = [arrears_note(facts.metrics), arrears_sentence(row) if row else ""]
    yield from told
    if not any(told):
        known = facts.metrics.get("not_in_arrears")
        yield "No loan was in arrears at scoring." if known else "Which loans were in arrears at scoring is not known."


@listed
def _unscored(facts: Facts) -> Iterator[str]:
    found = next((one for one in facts.inference if one.kind == "loans"), None)
    if found is None:
        yield "How many loans have no score is not known: no scoring by this model was monitored."
        return
    yield f"On {facts.monitored.day}: {found.counted}: {', '.join(found.parts_in_words)}."


@listed
def _least(facts: Facts) -> Iterator[str]:
    found, by = facts.monitored, facts.monitored.by_settings
    yield f"An AUC is judged from {found.thresholds.least_defaults:,} defaults on{by}."
    yield f"Drift is measured from {found.drift_rows:,} loans on{by}."
    yield f"A group of fewer than {LEAST_LOANS} loans has no ratio of approvals."
    yield _smallest((facts.monitored.validation or {}).get("backtest", []))
    row = facts.monitored.row
    if row is None:
        return
    yield f"AUC of {facts.monitored.day}: {told}." if (told := not_judged(row)) else ""
    yield window_sentence(row, row["monitoring_date"])
    yield str(facts.monitored.run.values.get("after_imputation", ""))


def _smallest(backtest: Sequence[Mapping[str, Any]]) -> str:
    """The cohort with the fewest known outcomes; '' without a backtest."""
    cohorts = [row for row in backtest if row["cohort"] is not None]
    if not cohorts:
        return ""
    least = min(cohorts, key=lambda row: row["n"])
    return f"The smallest cohort of the backtest, {least['cohort']}, has {least['n']:,} known outcomes."


def _faults(facts: Facts) -> Markup:
    told = [one for one in _known_faults(facts) if one]
    return items(told) if told else paragraph("None is known.")


def _known_faults(facts: Facts) -> Iterator[str]:
    yield facts.damage
    yield _libraries(facts)
    if facts.metrics.get(CALIBRATION_ERROR) is None:
        yield "Its scores are not calibrated: an earlier release trained it."
    row = facts.monitored.row
    if row is None:
        return
    if row["status"] in (DATA_FAULT, "stale"):
        yield str(row.get("reason") or "")
    yield _stale(row)
    faulty: Mapping[str, str] = facts.monitored.run.values.get("faulty", {})
    yield from (f"{facts.book.plain_name(name)} ({name}): {kind}." for name, kind in faulty.items())


def _stale(row: Mapping[str, Any]) -> str:
    return f"Stale on {row['monitoring_date']}: {row['stale']}." if row.get("stale") else ""


def _libraries(facts: Facts) -> str:
    try:
        return other_libraries(model_of_row(facts.row), facts.deployment.models) or ""
    except (LoanwatchError, KeyError):
        return ""  # the damage of its metadata is told already


PARTS: Parts = {
    "Flagged customers": _flagged,
    "Loans in arrears at scoring": _arrears,
    "Loans without a score": _unscored,
    "Least numbers": _least,
    "Known faults": _faults,
}
