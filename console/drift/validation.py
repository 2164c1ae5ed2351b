"""Under the curves: backtest by cohort, segments, and expected loss of the date in view."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from markupsafe import Markup

from console.app.deployment import plain_name
from console.components.chart_panel import Panel, show_panel
from console.components.elements import Text, count, empty, figure, note, write_html
from console.components.table import columns, table
from console.drift.query import View
from engine.documents.validation import LOANS_OF, losses_in_words
from jobs.charts.backtest import backtest_by_cohort

Document = Mapping[str, Any]
SEGMENTS = columns(
    "Group", "Loans", "AUC", "95% interval", "Bad rate", "Mean PD", "Light", "Approved", "Of the highest",
    numbers=("Loans", "AUC", "95% interval", "Bad rate", "Mean PD", "Approved", "Of the highest"),
)  # fmt: skip
LOSSES = columns("Riskiest", "Loans", "PD from", "Exposure", "Expected loss", "Defaults",
                 numbers=("Loans", "PD from", "Exposure", "Expected loss", "Defaults"))  # fmt: skip
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
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(backtest_panel(view, found["backtest"]))
    with right:
        _show_losses(found["losses"])
    _show_segments(found["segments"])


def backtest_panel(view: View, rows: Sequence[Document]) -> Panel:
    """The bad rate of each cohort against its mean PD."""
    cohorts = pd.DataFrame([row for row in rows if row["cohort"] is not None])
    words = "No outcomes are known yet."
    if rows:
        lights = [row["light"] for row in rows[1:]]
        whole = rows[0]
        words = (
            f"Over {whole['n']:,} loans the mean PD is {whole['mean_pd']:.1%} and {whole['bad_rate']:.1%} defaulted "
            f"(light {whole['light']}). Of {len(lights)} cohorts {lights.count('amber')} are amber and "
            f"{lights.count('red')} red; by chance alone 5% are amber or red."
        )
    return Panel("backtest", view.identity, partial(backtest_by_cohort, cohorts), words, cohorts)


def _show_losses(losses: Document | None) -> None:
    write_html(_heading("Expected loss"))
    if losses is None:
        note("The book names no exposure; declare `exposure` to see the expected loss.")
        return
    for sentence in losses_in_words(losses):
        note(sentence)
    rows = [_concentration(what, row) for what in ("waiting", "known") for row in losses[what]["concentration"]]
    table("Concentration of the riskiest loans", LOSSES, rows)


def _concentration(what: str, row: Document) -> tuple[Text, ...]:
    return (
        f"{row['share']:.0%} {LOANS_OF[what]}",
        count(row["loans"]),
        _percent(row["least_pd"]),
        _percent(row["exposure"]),
        _percent(row["expected_loss"]),
        _percent(row["defaults"]),
    )


def _show_segments(segments: Sequence[Document]) -> None:
    write_html(_heading("Segments"))
    if not segments:
        note("The book declares no segments.")
        return
    below = [row for row in segments if row["below_four_fifths"]]
    note(
        f"{len(below)} groups are approved less than four fifths as often as the highest of their segment. "
        "AUC, bad rate and light are of loans with a known outcome; the light compares bad rate and mean PD."
    )
    table("Segments", SEGMENTS, _segment_rows(segments))


def _segment_rows(segments: Sequence[Document]) -> Iterator[tuple[Text, ...]]:
    name = None
    for row in segments:
        if row["segment"] != name:
            name = row["segment"]
            yield (plain_name(name),)
        interval = "-" if row["auc_low"] is None else f"{row['auc_low']:.3f} to {row['auc_high']:.3f}"
        yield (
            row["band"],
            count(row["loans"]),
            figure(row["auc"]),
            interval,
            _percent(row["bad_rate"]),
            _percent(row["mean_pd"]),
            light_html(row["light"]),
            _percent(row["approval"]),
            _ratio(row),
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
    return f"{_percent(row['approval_ratio'])}{mark}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
