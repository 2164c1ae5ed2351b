"""Calibration: whether the probabilities are right, on the test loans, on known outcomes, and cohort by cohort."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from engine.documents.candidates import CALIBRATION_ERROR, calibration_text
from engine.documents.validation import NOT_IN_ARREARS, backtest_in_words, uncalibrated_in_words
from engine.report.damage import error_in_words
from engine.report.drawing import figure as drawing
from engine.report.facts import Facts, Parts
from engine.report.markup import Text, join, light, note, paragraph, quiet, table
from engine.report.reliability import test_bins
from jobs.charts.backtest import backtest_by_cohort
from jobs.charts.curves import calibration as calibration_chart
from jobs.monitoring.curves import CURVE_COLUMNS, VINTAGE_COLUMNS, curves_from
from jobs.statistics.rounding import count, percent
from storage.errors import LoanwatchError

BINS = ("Scores", "Loans", "Bad", "Mean score", "Bad rate", "95% interval")
COHORTS = ("Cohort", "Loans", "Defaults", "Mean PD", "Bad rate", "95% interval", "Light")


def _numbers(facts: Facts) -> Markup:
    return paragraph(_words(facts))


def _words(facts: Facts) -> str:
    found = facts.details.get("calibration")
    error = calibration_text(facts.metrics)
    if found is None:
        told = "How the scores were calibrated is not known."
        return (
            told
            if facts.metrics.get(CALIBRATION_ERROR) is None
            else f"{told} Calibration error on the test loans: {error}."
        )
    return (
        f"Scores are calibrated by Platt's method on {found['loans']:,} out-of-fold train scores of {found['folds']} "
        f"folds: slope {found['slope']:.3f}, intercept {found['intercept']:.3f} on the logit. Calibration error on the "
        f"test loans: {error}."
    )


def _of_test_loans(facts: Facts) -> Markup:
    try:
        bins, apart = test_bins(facts)
    except LoanwatchError as error:
        return paragraph(f"The picture can't be drawn. {error_in_words(facts.deployment, error)}")
    except Exception as error:  # noqa: BLE001 - a model of another release can fail in any way, the page must not
        return paragraph(f"The picture can't be drawn: the model can't be opened ({type(error).__name__}).")
    return _reliability(bins, apart)


def _of_outcomes(facts: Facts) -> Markup:
    kept = facts.monitored.run.outcomes
    if kept is None:
        return paragraph("The outcomes loan by loan are kept for the newest monitoring runs only; there are none.")
    try:
        curves = curves_from(facts.deployment.datamart.read(kept, [*CURVE_COLUMNS, *VINTAGE_COLUMNS]))
    except (LoanwatchError, KeyError) as error:
        return paragraph(f"The picture can't be drawn. {error_in_words(facts.deployment, error)}")
    told = f"Of the outcomes known on {facts.monitored.day}, without loans that the model was fitted on."
    return join([note(told), _reliability(curves.calibration, curves.not_in_arrears)])


def _reliability(bins: pd.DataFrame, apart: pd.DataFrame) -> Markup:
    """The picture of the bins beside their numbers."""
    if bins.empty:
        return paragraph("No loan has a known outcome.")
    outside = int(((bins["mean_score"] < bins["low"]) | (bins["mean_score"] > bins["high"])).sum())
    words = f"The mean score lies outside of the 95% interval of the bad rate in {outside} of {len(bins)} bins."
    rows = [_bin(one) for one in bins.to_dict("records")]
    numbers = table("Bad rate by decile of the score", BINS, rows, numbers=BINS[1:])
    return join([drawing(calibration_chart(bins, apart), words, 300), paragraph(words), numbers])


def _bin(one: Mapping[Any, Any]) -> Sequence[Text]:
    return (
        f"{one['score_low']:.3f} to {one['score_high']:.3f}",
        count(one["n"]),
        count(one["bad"]),
        percent(one["mean_score"]),
        percent(one["bad_rate"]),
        f"{one['low']:.1%} to {one['high']:.1%}",
    )


def _backtest(facts: Facts) -> Markup:
    found = facts.monitored.validation
    if found is None:
        return paragraph("No backtest is known: this model was not monitored, or an earlier release monitored it.")
    rows = found["backtest"]
    cohorts = pd.DataFrame([row for row in rows if row["cohort"] is not None])
    words = backtest_in_words(rows)
    picture = drawing(backtest_by_cohort(cohorts), words)
    method = "Jeffreys' test: amber is a mean PD outside of the 95% interval, red one outside of the 99% interval."
    lights = table("Backtest", COHORTS, [cells for row in rows for cells in _cohort(row)], numbers=COHORTS[1:6])
    return join(
        [paragraph(uncalibrated_in_words(found, facts.version)), paragraph(words), picture, lights, note(method)]
    )


def _cohort(row: Mapping[str, Any]) -> Iterator[Sequence[Text]]:
    """The row of a cohort, and of its loans not in arrears at scoring where they are known and not all."""
    yield _backtested(row["cohort"] or "all", row)
    apart = row.get("not_in_arrears")
    if apart and apart["n"] not in (0, row["n"]):
        yield quiet(_backtested(NOT_IN_ARREARS, apart))


def _backtested(name: str, row: Mapping[str, Any]) -> Sequence[Text]:
    return (
        name,
        count(row["n"]),
        count(row["defaults"]),
        percent(row["mean_pd"]),
        percent(row["bad_rate"]),
        f"{percent(row['low'])} to {percent(row['high'])}",
        light(row["light"], row["direction"]),
    )


PARTS: Parts = {
    "": _numbers,
    "On the test loans of the training": _of_test_loans,
    "On known outcomes": _of_outcomes,
    "Backtest by cohort": _backtest,
}
