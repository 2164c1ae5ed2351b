"""The curves of the date in view: ROC, precision and recall, calibration and vintage."""

from datetime import date
from functools import partial

import pandas as pd
import streamlit as st

from console.app.deployment import deployment
from console.components.chart_panel import Panel
from console.components.elements import count, empty
from console.components.times import day
from console.drift.curve_data import curves_of
from console.drift.query import View
from engine.documents.validation import NOT_IN_ARREARS
from jobs.charts.curves import calibration, left_out, precision_recall, roc_curve, vintage
from jobs.monitoring.curves import Curves
from storage.errors import LoanwatchError
from storage.lake.datamart import TableVersion

DRAWN_AT_ONCE = 200_000  # loans whose curves take well under a second; the curves of more loans are drawn on a click
HEIGHT = 330


def curves_in_view(view: View) -> Curves | None:
    """The curves of the date in view; None when there are none, or not yet, which it shows with what to do."""
    outcomes = view.monitoring_run.outcomes
    if outcomes is None:
        _no_curves(view.filters.day)
        return None
    if outcomes.rows > DRAWN_AT_ONCE and not _drawing_requested(outcomes):
        return None
    try:
        with st.spinner(f"Drawing the curves of {count(outcomes.rows)} loans", show_time=True):
            return curves_of(outcomes)
    except LoanwatchError as error:
        empty("The curves can't be drawn", str(error))
        return None


def roc_panel(view: View, curves: Curves) -> Panel:
    """The ROC curve of all labelled loans, and of those not in arrears at scoring."""
    auc, apart = curves.auc, curves.auc_apart
    area = f" AUC {auc.value:.3f}." if auc is not None and auc.value is not None else ""
    others, numbers = "", curves.roc
    if apart is not None and apart.value is not None:
        others = f" Without the loans in arrears at scoring AUC {apart.value:.3f} of {apart.n:,} loans."
        numbers = _of_both(curves.roc, curves.roc_apart)
    make = partial(roc_curve, curves.roc, auc, None if apart is None else (curves.roc_apart, apart))
    words = f"ROC curve.{area} {_labelled(curves)}{others}"
    return Panel("roc", view.identity, make, words, numbers, height=HEIGHT)


def precision_recall_panel(view: View, curves: Curves) -> Panel:
    """Precision against recall."""
    make = partial(precision_recall, curves.precision_recall, curves.auc)
    words = f"Precision against recall. {_labelled(curves)}"
    return Panel("precision-recall", view.identity, make, words, curves.precision_recall, height=HEIGHT)


def calibration_panel(view: View, curves: Curves) -> Panel:
    """The bad rate by score, of all labelled loans and of those not in arrears at scoring."""
    bins, apart = curves.calibration, curves.not_in_arrears
    outside = int(((bins["mean_score"] < bins["low"]) | (bins["mean_score"] > bins["high"])).sum()) if len(bins) else 0
    words = f"Bad rate by score in {len(bins)} bins; the mean score lies outside the 95% interval in {outside} of them."
    numbers = _of_both(bins, apart) if len(apart) else bins
    return Panel("calibration", view.identity, partial(calibration, bins, apart), words, numbers, height=HEIGHT)


def vintage_panel(view: View, curves: Curves) -> Panel:
    """The cumulative bad rate by months on book."""
    first, ages = deployment().book.bad_loan.first, curves.vintage
    words = f"Cumulative bad rate by months on book of {ages['cohort'].nunique() if len(ages) else 0} cohorts."
    words += f" {left_out(first).capitalize()}." if left_out(first) else ""
    return Panel("vintage", view.identity, partial(vintage, ages, first), words, ages, height=HEIGHT)


def _of_both(every: pd.DataFrame, apart: pd.DataFrame) -> pd.DataFrame:
    """The numbers of two curves, with the loans of which each row is."""
    return pd.concat([every.assign(loans="all labelled"), apart.assign(loans=f"{NOT_IN_ARREARS} at scoring")])


def _labelled(curves: Curves) -> str:
    if curves.auc is None:
        return "No outcomes are known yet."
    return f"All {curves.auc.n:,} labelled loans, {curves.auc.positives:,} of which defaulted."


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
