"""Under the curves: backtest by cohort, segments, and expected loss of the date in view.

Under the figures of all loans stand those of the loans not in arrears at scoring.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from console.app.deployment import deployment, ledger, plain_name
from console.components.chart_panel import Panel, show_panel
from console.components.elements import (
    Text,
    callout,
    count,
    empty,
    figure,
    join,
    note,
    note_html,
    with_code,
    write_html,
)
from console.components.table import columns, table
from console.drift.query import View
from engine.documents.models import cost_in_words, left_out_costs
from engine.documents.validation import LOANS_OF, calibration_in_words, losses_in_words, uncalibrated_in_words
from jobs.charts.backtest import backtest_by_cohort
from jobs.modelling.candidates import word_for_every_set
from jobs.statistics.rounding import percent

Document = Mapping[str, Any]
SEGMENTS = columns(
    "Group", "Loans", "AUC", "95% interval", "Bad rate", "Mean PD", "Light", "Approved", "Of the highest",
    numbers=("Loans", "AUC", "95% interval", "Bad rate", "Mean PD", "Approved", "Of the highest"),
)  # fmt: skip
LOSSES = columns("Riskiest", "Loans", "PD from", "Exposure", "Expected loss", "Defaults",
                 numbers=("Loans", "PD from", "Exposure", "Expected loss", "Defaults"))  # fmt: skip
NOT_IN_ARREARS = "not in arrears"
SIGNS = {"green": "●", "amber": "◆", "red": "▲"}


def show_validation(view: View) -> None:
    """Shows backtest, expected loss and segments, or why there are none."""
    found = view.monitoring_run.values.get("validation")
    if found is None:
        empty(
            "No backtest and no segments of this date",
            "They are computed by monitoring runs since this release; run `python -m engine run monitoring`.",
        )
        return
    if words := uncalibrated_in_words(found, str(view.row["model_version"])):
        callout("warn", "No probabilities of default", words)
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(backtest_panel(view, found["backtest"]))
    with right:
        _show_losses(found["losses"])
    _show_segments(found["segments"])


def backtest_panel(view: View, rows: Sequence[Document]) -> Panel:
    """The bad rate of each cohort against its mean PD."""
    cohorts = pd.DataFrame([row for row in rows if row["cohort"] is not None])
    return Panel(
        "backtest", view.identity, partial(backtest_by_cohort, cohorts), backtest_words(rows), flat_cohorts(rows)
    )


def backtest_words(rows: Sequence[Document]) -> str:
    """The backtest of all loans and the lights of the cohorts in words."""
    if not rows:
        return "No outcomes are known yet."
    lights = [row["light"] for row in rows[1:]]
    return (
        f"{calibration_in_words(rows[0])} Of {len(lights)} cohorts {lights.count('amber')} are amber and "
        f"{lights.count('red')} red; by chance alone 5% are amber or red."
    )


def flat_cohorts(rows: Sequence[Document]) -> pd.DataFrame:
    """The cohorts with the backtest of the loans not in arrears at scoring in columns of their own."""
    found = []
    for row in rows:
        apart = row.get("not_in_arrears") or {}
        whole = {name: value for name, value in row.items() if name != "not_in_arrears"}
        if row["cohort"] is not None:
            found.append({**whole, **{f"{name}_not_in_arrears": value for name, value in apart.items()}})
    return pd.DataFrame(found)


def _show_losses(losses: Document | None) -> None:
    write_html(_heading("Expected loss"))
    if losses is None:
        note("The book names no exposure; declare `exposure` to see the expected loss.")
        return
    for sentence in losses_in_words(losses):
        note(sentence)
    rows = [row for what in ("waiting", "known") for row in _concentrations(what, losses[what])]
    table("Concentration of the riskiest loans", LOSSES, rows)


def _concentrations(what: str, losses: Document) -> Iterator[tuple[Text, ...]]:
    apart = losses.get("not_in_arrears") or {"loans": losses["loans"]}
    others = [] if apart["loans"] == losses["loans"] else apart["concentration"]
    for row, other in zip_longest(losses["concentration"], others):
        name = f"{row['share']:.0%} {LOANS_OF[what]}"
        yield beside((name, *_concentration(row)), (NOT_IN_ARREARS, *_concentration(other)) if other else None)


def _concentration(row: Document) -> tuple[Text, ...]:
    return (
        count(row["loans"]),
        percent(row["least_pd"]),
        percent(row["exposure"]),
        percent(row["expected_loss"]),
        percent(row["defaults"]),
    )


def _show_segments(segments: Sequence[Document]) -> None:
    write_html(_heading("Segments"))
    if not segments:
        note("The book declares no segments.")
        return
    below = [row for row in segments if row["below_four_fifths"]]
    note(
        f"{len(below)} groups are approved less than four fifths as often as the highest of their segment. "
        "AUC, bad rate and light are of loans with a known outcome; the light compares bad rate and mean PD. The "
        "second line of a group, where there is one, is of its loans not in arrears at scoring."
    )
    for cost in _costs():
        note(with_code(cost))
    table("Segments", SEGMENTS, _segment_rows(segments))


def _costs() -> list[str]:
    """What leaving features out costs, for each of the book's smaller feature sets."""
    book = deployment().book
    with ledger().reading() as connection:
        found = left_out_costs(connection, book)
    return [cost_in_words(cost, word_for_every_set(book), plain_name) for cost in found]


def _segment_rows(segments: Sequence[Document]) -> Iterator[tuple[Text, ...]]:
    name = None
    for row in segments:
        if row["segment"] != name:
            name = row["segment"]
            yield (plain_name(name),)
        whole = (row["band"], count(row["loans"]), *_outcomes(row), percent(row["approval"]), _ratio(row))
        apart = row.get("not_in_arrears") or row
        others = (NOT_IN_ARREARS, count(apart["labelled"]), *_outcomes(apart), "", "")
        yield beside(whole, others if apart["labelled"] != row["labelled"] else None)


def _outcomes(row: Document) -> tuple[Text, ...]:
    interval = "-" if row["auc_low"] is None else f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"
    rates = (percent(row["bad_rate"]), percent(row["mean_pd"]))
    return figure(row["auc"]), interval, *rates, light_html(row["light"])


def beside(whole: Sequence[Text], apart: Sequence[Text] | None) -> tuple[Text, ...]:
    """The cells of a row; under each figure of all loans the one of the loans not in arrears, in small."""
    if apart is None:
        return tuple(whole)
    return tuple(
        join([cell, note_html(other) if other else ""], Markup("<br>"))
        for cell, other in zip(whole, apart, strict=True)
    )


def light_html(light: str | None) -> Text:
    """A traffic light: its sign and its word, on one line."""
    if light is None:
        return "-"
    return Markup('<span aria-hidden="true">{}</span>&nbsp;{}').format(SIGNS[light], light)


def _heading(text: str) -> Markup:
    return Markup('<div class="lw-title"><h2 class="lw-head lw-of-table">{}</h2></div>').format(text)


def _ratio(row: Document) -> str:
    mark = " (below 4/5)" if row["below_four_fifths"] else ""
    return f"{percent(row['approval_ratio'])}{mark}"
