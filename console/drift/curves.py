"""Under the six panels: ROC, precision and recall, calibration and vintage of the date in view."""

from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from console.app.deployment import deployment
from console.components.chart_panel import Panel, show_panel
from console.components.elements import count, empty
from console.components.times import day
from console.drift.curve_data import curves_of
from console.drift.query import View
from jobs.charts.curves import calibration, left_out, precision_recall, roc_curve, vintage
from jobs.monitoring.curves import Curves
from storage.errors import LoanwatchError
from storage.lake.datamart import TableVersion

DRAWN_AT_ONCE = 200_000  # loans whose curves take well under a second; the curves of more loans are drawn on a click
HEIGHT = 330


def show_curves(view: View) -> None:
    """Shows the four curves, or why there are none."""
    outcomes = view.monitoring_run.outcomes
    if outcomes is None:
        _no_curves(view.filters.day)
        return
    if outcomes.rows > DRAWN_AT_ONCE and not _drawing_requested(outcomes):
        return
    try:
        with st.spinner(f"Drawing the curves of {count(outcomes.rows)} loans", show_time=True):
            curves = curves_of(outcomes)
    except LoanwatchError as error:
        empty("The curves can't be drawn", str(error))
        return
    panels = curve_panels(view, curves)
    for pair in (panels[:2], panels[2:]):
        for place, panel in zip(st.columns(2, gap="large"), pair, strict=True):
            with place:
                show_panel(panel)


def curve_panels(view: View, curves: Curves) -> list[Panel]:
    """The panels: ROC, precision-recall, calibration, vintage."""
    auc, key = curves.auc, view.identity
    labelled = "No outcomes are known yet."
    if auc is not None:
        labelled = f"All {auc.n:,} labelled loans, {auc.positives:,} of which defaulted."
    area = f" AUC {auc.value:.3f}." if auc is not None and auc.value is not None else ""
    bins, ages = curves.calibration, curves.vintage
    outside = int(((bins["mean_score"] < bins["low"]) | (bins["mean_score"] > bins["high"])).sum()) if len(bins) else 0
    score_bins = (
        f"Bad rate by score in {len(bins)} bins; the mean score lies outside the 95% interval in {outside} of them."
    )
    first = deployment().book.bad_loan.first
    apart = curves.not_in_arrears
    numbers = pd.concat([bins, apart.assign(loans="not in arrears at scoring")]) if len(apart) else bins
    cohorts = f"Cumulative bad rate by months on book of {ages['cohort'].nunique() if len(ages) else 0} cohorts."
    cohorts += f" {left_out(first).capitalize()}." if left_out(first) else ""
    return [
        Panel(
            "roc", key, partial(roc_curve, curves.roc, auc), f"ROC curve.{area} {labelled}", curves.roc, height=HEIGHT
        ),
        Panel(
            "precision-recall",
            key,
            partial(precision_recall, curves.precision_recall, auc),
            f"Precision against recall. {labelled}",
            curves.precision_recall,
            height=HEIGHT,
        ),
        Panel("calibration", key, partial(calibration, bins, apart), score_bins, numbers, height=HEIGHT),
        Panel("vintage", key, partial(vintage, ages, first), cohorts, ages, height=HEIGHT),
    ]


def _drawing_requested(outcomes: TableVersion) -> bool:
    key = f"drift-curves-{outcomes.version}"
    if not st.session_state.get(key):
        st.session_state[key] = st.button(
            f"Draw ROC, calibration and vintage of {count(outcomes.rows)} loans", key="drift-curves"
        )
    return bool(st.session_state[key])


def _no_curves(on: date) -> None:
    empty(
        f"No ROC, precision-recall, calibration and vintage curves of {day(on)}",
        "They need the outcomes loan by loan, which are kept for the newest monitoring runs only. "
        "Select a later monitoring date.",
    )
