"""The section "Are the levels right?": calibration, backtest with lights, vintage, expected loss and segments."""

from functools import partial

import streamlit as st

from console.components.chart_panel import kept, show_panel
from console.components.elements import callout, empty
from console.drift.curves import calibration_panel, vintage_panel
from console.drift.query import View
from console.drift.sections.heading import open_section
from console.drift.validation import backtest_panel, show_losses, show_segments
from engine.documents.validation import has_known_form, uncalibrated_in_words
from engine.documents.values import Document
from jobs.accounting.flagged import flagged_numbers
from jobs.monitoring.curves import Curves


def show_levels(view: View, question: Document, curves: Curves | None) -> None:
    """Shows the section; without `curves`, without calibration and vintage."""
    open_section(question)
    found = view.monitoring_run.values.get("validation")
    known = found if found is not None and has_known_form(found) else None
    if known is not None and (words := uncalibrated_in_words(known, str(view.row["model_version"]))):
        callout("warn", "No probabilities of default", words)
    if curves is not None:
        left, right = st.columns(2, gap="large")
        with left:
            show_panel(kept("calibration", view.identity, partial(calibration_panel, view, curves)))
        with right:
            show_panel(kept("vintage", view.identity, partial(vintage_panel, view, curves)))
    if known is None:
        empty(
            "No backtest and no segments of this date",
            "They are computed by monitoring runs since this release; run `python -m engine run monitoring`.",
        )
        return
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(kept("backtest", view.identity, partial(backtest_panel, view, known["backtest"])))
    with right:
        show_losses(known["losses"], flagged_numbers(view.row))
    show_segments(known["segments"])
