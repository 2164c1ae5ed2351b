"""The panels of the Drift page about AUC, PSI, scores and predictions, each with its description and numbers."""

from functools import partial

import altair as alt
import pandas as pd
import streamlit as st

from console.components.chart_panel import Panel
from console.components.times import day
from console.drift.chart_selection import with_dates
from console.drift.filters import choose_dates, keep_in_address
from console.drift.query import ALL, View
from engine.documents.drift.notes import in_words
from jobs.charts.cohorts import auc_by_month, scores_by_month
from jobs.charts.history import auc_over_time, champion_changes
from jobs.charts.kit import filled
from jobs.charts.report import confusion_matrix, psi_over_time, score_distribution
from jobs.governance.sentences import auc_loans
from jobs.statistics.rounding import two_decimals

HISTORY = [
    "monitoring_date", "model_version", "status", "auc", "auc_low", "auc_high", "auc_from", "auc_to", "labelled",
    "defaults", "auc_pooled", "auc_pooled_low", "auc_pooled_high", "labelled_pooled", "defaults_pooled", "auc_estimate",
    "psi", "psi_chance_level", "window_rows", "window_from", "window_to", "reference_rows", "action",
]  # fmt: skip
COHORT = [
    "cohort", "mature", "scored", "labelled", "defaults", "auc", "auc_low", "auc_high", "auc_estimate", "auc_forecast",
    "precision", "recall", "f1",
]  # fmt: skip
BY = {"cohort": "By origination cohort", "date": "By date"}


def auc_panel(view: View) -> Panel:
    """AUC by origination cohort at the date in view, or by monitoring date over the period."""
    switch = partial(_auc_switch, view)
    if auc_by(view) == "date":
        rows, make = _numbers(view.history, HISTORY), partial(_over_dates, view, "auc")
        return Panel(
            "auc-by-date",
            view.identity,
            make,
            f"{auc_history_words(view)}{in_words(view.notes)}",
            rows,
            choose_dates,
            switch=switch,
        )
    make = partial(auc_by_month, view.cohorts, view.thresholds.auc)
    words = _cohorts_in_words(view)
    return Panel("auc-by-month", view.identity, make, words, _numbers(view.cohorts, COHORT), switch=switch)


def auc_by(view: View) -> str:
    """Which of BY the AUC panel shows: the dates if all champions are shown, else the cohorts."""
    requested = st.session_state.get(_auc_key(view), st.query_params.get("auc"))
    return requested if requested in BY else _default_auc(view)


def _default_auc(view: View) -> str:
    return "date" if view.filters.model == ALL else "cohort"


def _auc_key(view: View) -> str:
    """The key of the AUC switch; several champions have a key of their own, because their default differs."""
    return f"drift-auc-{_default_auc(view)}"


def psi_panel(view: View) -> Panel:
    """PSI by monitoring date; a click on a date selects it."""
    make = partial(_over_dates, view, "psi")
    return Panel(
        "psi-over-time",
        view.identity,
        make,
        f"{_psi_history(view)}{in_words(view.notes)}",
        _numbers(view.history, HISTORY),
        choose_dates,
    )


def scores_panel(view: View) -> Panel:
    """The shares of loans by score, baseline and current window."""
    rows = pd.DataFrame(view.monitoring_run.values.get("scores", []))
    words = "No scores of this date are known."
    if len(rows):
        most = rows.assign(gap=(rows["current_share"] - rows["reference_share"]).abs()).nlargest(1, "gap").iloc[0]
        words = (
            f"Share of loans by score, {int(rows['reference_count'].sum()):,} in the baseline against "
            f"{int(rows['current_count'].sum()):,} now. The largest gap is in bin {most['bin']}: "
            f"{most['reference_share']:.1%} in the baseline, {most['current_share']:.1%} now."
        )
    return Panel("score-distribution", view.identity, partial(score_distribution, rows), words, rows)


def at_threshold_panel(view: View) -> Panel:
    """Precision, recall and F1 by origination cohort."""
    row = view.row
    words = "Precision, recall and F1 by origination cohort; no outcomes yet."
    if row["f1"] is not None:
        words = (
            f"Precision, recall and F1 by origination cohort. Of {auc_loans(row)}: precision "
            f"{row['precision']:.2f}, recall {row['recall']:.2f}, F1 {row['f1']:.2f}."
        )
    make = partial(scores_by_month, view.cohorts)
    return Panel("scores-by-month", view.identity, make, words, _numbers(view.cohorts, COHORT))


def confusion_panel(view: View) -> Panel:
    """The confusion matrix: predictions by outcome."""
    rows = pd.DataFrame(view.monitoring_run.values.get("confusion", []))
    words = "No outcomes are known yet."
    if len(rows):
        names = {0: "repaid", 1: "defaulted"}
        cells = [
            f"{row['count']:,} that {names[row['actual']]} were predicted as {names[row['predicted']]}"
            for row in view.monitoring_run.values["confusion"]
        ]
        words = f"Confusion matrix of {auc_loans(view.row)}: {'; '.join(cells)}."
    return Panel("confusion-matrix", view.identity, partial(confusion_matrix, rows), words, rows)


def _auc_switch(view: View) -> None:
    key = _auc_key(view)
    if key not in st.session_state:
        st.session_state[key] = auc_by(view)
    st.segmented_control(
        "AUC by", list(BY), format_func=BY.__getitem__, key=key, required=True, label_visibility="collapsed"
    )
    keep_in_address("auc", auc_by(view), _default_auc(view))


def _over_dates(view: View, column: str) -> alt.LayerChart:
    limits = view.thresholds
    chart = psi_over_time(view.history, limits) if column == "psi" else auc_over_time(view.history, limits.auc)
    return with_dates(chart, view.history, column, view.filters.day, view.notes)


def _psi_history(view: View) -> str:
    rows = view.history
    if not filled(rows, "psi"):
        return "No PSI was measured in this period."
    worst = rows.nlargest(1, "psi").iloc[0]
    over = int((rows["psi"] >= view.thresholds.psi).sum())
    return (
        f"PSI at {len(rows)} monitoring dates from {day(rows['monitoring_date'].iloc[0])} to "
        f"{day(rows['monitoring_date'].iloc[-1])}: {over} at or above {two_decimals(view.thresholds.psi)}, the highest "
        f"{worst['psi']:.3f} on {day(worst['monitoring_date'])}.{_changes(rows)}"
    )


def auc_history_words(view: View) -> str:
    """The AUC of the monitoring dates in words, apart from those with too few defaults to judge it."""
    rows = view.history
    judged = rows[rows["auc_status"].eq("measured")]
    left = len(rows) - len(judged)
    rest = f" Not judged at {left} of {len(rows)} dates: too few defaults are known." if left else ""
    if judged.empty:
        return f"No AUC was judged in this period.{rest}{_changes(rows)}"
    worst = judged.nsmallest(1, "auc").iloc[0]
    below = int((judged["auc"] < view.thresholds.auc).sum())
    return (
        f"AUC at {len(judged)} monitoring dates with 95% intervals, {_auc_scope(judged)}: {below} below "
        f"{two_decimals(view.thresholds.auc)}, the lowest {worst['auc']:.3f} on {day(worst['monitoring_date'])}.{rest}"
        f"{_changes(rows)}"
    )


def _auc_scope(rows: pd.DataFrame) -> str:
    """The loans of the AUC at these dates: all with an outcome in rows of an earlier release, without `auc_from`."""
    newest = int(rows["auc_from"].notna().sum()) if "auc_from" in rows else 0
    if newest in (0, len(rows)):
        return f"each of {'the newest mature cohorts' if newest else 'all known outcomes'}"
    return f"{newest} of the newest mature cohorts and {len(rows) - newest} of all known outcomes"


def _changes(rows: pd.DataFrame) -> str:
    changed = rows[champion_changes(rows)]
    champions = [
        f"{version} on {day(at)}"
        for version, at in zip(changed["model_version"], changed["monitoring_date"], strict=True)
    ]
    return f" New champions: {', '.join(champions)}." if champions else ""


def _cohorts_in_words(view: View) -> str:
    known = view.cohorts.dropna(subset=["auc"])
    if known.empty:
        return "AUC by origination cohort; no outcomes are known yet."
    lowest = known.nsmallest(1, "auc").iloc[0]
    young = int((~known["mature"].astype(bool)).sum())
    return (
        f"AUC of {len(known)} origination cohorts with 95% intervals; the lowest is {lowest['auc']:.3f} of "
        f"{lowest['cohort']} ({int(lowest['n']):,} loans), {int((known['auc'] < view.thresholds.auc).sum())} are below "
        f"{two_decimals(view.thresholds.auc)}, {young} are not mature yet."
    )


def _numbers(rows: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return rows[[name for name in columns if name in rows]]
