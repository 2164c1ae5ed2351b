"""Which features drifted, and one of them closer: its bins now against the reference, and its history."""

from functools import partial

import altair as alt
import pandas as pd
import streamlit as st

from console.app.deployment import deployment
from console.components.chart_panel import Panel, show_panel
from console.components.elements import count, empty
from console.components.times import day
from console.drift.chart_selection import preview, with_dates, with_features
from console.drift.curve_data import window_bins
from console.drift.filters import choose_day, shared
from console.drift.query import View, reference_of
from jobs.charts.history import csi_over_time
from jobs.charts.report import feature_drift, score_distribution
from jobs.monitoring.measures import shares
from jobs.statistics.drift import SIGNIFICANT

KEY = "drift-feature"


def show_features(scores: Panel, view: View) -> None:
    """The scores' distribution beside the ranking of the features, and under them the chosen feature."""
    bins = bins_of(view)
    names = view.features.sort_values(["csi", "feature"], ascending=[False, True])["feature"].tolist()
    chosen = _current(names)
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(scores)
    with right:
        show_panel(ranking_panel(view, bins, chosen))
    if chosen is None:
        _unmeasured(view)
        return
    _select(names)
    left, right = st.columns(2, gap="large")
    with left:
        _histogram(view, bins, chosen)
    with right:
        show_panel(history_panel(view, chosen))


def ranking_panel(view: View, bins: dict[str, pd.DataFrame], chosen: str | None) -> Panel:
    """The features by their CSI; the pointer shows a feature's bins, a click chooses it."""
    rows = view.features.sort_values("csi", ascending=False)
    words = "Feature drift could not be measured at this date."
    if len(rows):
        over = rows[rows["csi"] >= SIGNIFICANT]
        first = rows.iloc[0]
        words = (
            f"CSI of {len(rows)} features, {len(over)} at or above {SIGNIFICANT:g}. The largest is "
            f"{first['csi']:.3f} of {first['feature']}; noise level (99%) {first['chance_level']:.3f}."
        )
    make = partial(_ranking, rows, bins, chosen)
    identity = (*view.identity, chosen or "", str(len(bins)))
    return Panel("feature-drift", identity, make, words, rows, choose_feature)


def history_panel(view: View, feature: str) -> Panel:
    """The CSI of a feature over the period; a click chooses a date."""
    rows = feature_history(view, feature)
    known = rows.dropna(subset=["csi"])
    words = f"CSI of {feature} was not measured in this period."
    if len(known):
        words = (
            f"CSI of {feature} at {len(known)} monitoring dates, from {known['csi'].iloc[0]:.3f} to "
            f"{known['csi'].iloc[-1]:.3f}, {int((known['csi'] >= SIGNIFICANT).sum())} of them at or above "
            f"{SIGNIFICANT:g}."
        )
    identity = (*view.identity, feature)
    return Panel("feature-history", identity, partial(_history, view, rows, feature), words, rows, choose_day)


def histogram_panel(view: View, bins: pd.DataFrame, feature: str) -> Panel:
    """The bins of a feature, the frozen reference against the current window."""
    return Panel("feature-bins", (*view.identity, feature), partial(_bins, bins, feature), _gaps(bins, feature), bins)


def bins_of(view: View) -> dict[str, pd.DataFrame]:
    """Shares by bin of each feature, as the monitoring run kept them; else from its outcomes, {} when they are gone.

    The reference is the one that was frozen with the model of that date.
    """
    reference = reference_of(view.row["model_version"])
    counts: dict[str, list[int]] = view.measured.values.get("bins", {})
    if not counts and reference and view.measured.outcomes is not None:
        counts = window_bins(view.measured.outcomes, view.row["model_version"], reference)
    frozen = reference.get("features", {})
    return {name: pd.DataFrame(shares(frozen[name], now)) for name, now in counts.items() if name in frozen}


def feature_history(view: View, feature: str) -> pd.DataFrame:
    """The rows of a feature by date, with the champion of each."""
    rows = view.drift[view.drift["feature"] == feature]
    return rows.merge(view.history[["monitoring_date", "action"]], on="monitoring_date").reset_index(drop=True)


def choose_feature(widget: str) -> None:
    """Has the next script run show the feature that was clicked."""
    points = st.session_state[widget].selection.get("feature") or []
    if points:
        st.session_state[KEY] = points[0]["feature"]


def _current(names: list[str]) -> str | None:
    """The feature to show: the chosen one, the one that the address names, or the one that drifted the most."""
    if not names:
        return None
    asked = st.session_state.get(KEY, st.query_params.get("feature"))
    st.session_state[KEY] = asked if asked in names else names[0]
    found: str = st.session_state[KEY]
    return found


def _select(names: list[str]) -> None:
    place, _ = st.columns(2, gap="large")
    with place:
        name = st.selectbox("Feature, the most drifted first", names, key=KEY)
    shared("feature", name, names[0])


def _histogram(view: View, bins: dict[str, pd.DataFrame], feature: str) -> None:
    if feature in bins:
        show_panel(histogram_panel(view, bins[feature], feature))
        return
    empty(
        f"{feature}: no histogram of {day(view.choice.day)}",
        "The run of that date kept the CSI but not the bins, and its loans are tidied away. "
        "Choose a later monitoring date.",
    )


def _unmeasured(view: View) -> None:
    needed = deployment().settings.drift_rows
    empty(
        f"Feature drift of {day(view.choice.day)} can't be measured",
        f"The current window has {count(view.row['window_rows'])} loans; below {needed} chance alone would look like "
        "drift. It is measured once inference has scored more loans.",
    )


def _ranking(rows: pd.DataFrame, bins: dict[str, pd.DataFrame], chosen: str | None) -> alt.LayerChart:
    pictures = {name: preview(frame) for name, frame in bins.items()}
    chart = with_features(feature_drift(rows), rows, pictures, chosen)
    chart.title.subtitle += "; point at a bar, or click it" if len(rows) else ""
    return chart


def _history(view: View, rows: pd.DataFrame, feature: str) -> alt.LayerChart:
    return with_dates(csi_over_time(rows, feature), rows, "csi", view.choice.day)


def _bins(bins: pd.DataFrame, feature: str) -> alt.LayerChart:
    told = [
        f"{name}: {row['current_count']:,} now, {row['reference_count']:,} then"
        for name in ("UNSEEN", "MISSING")
        for row in bins[bins["bin"] == name].to_dict("records")
        if row["current_count"] or row["reference_count"]
    ]
    title = alt.TitleParams(
        f"{feature}: baseline and current window", subtitle="; ".join(["share of loans per bin", *told])
    )
    return score_distribution(bins).properties(title=title)


def _gaps(bins: pd.DataFrame, feature: str) -> str:
    most = bins.assign(gap=(bins["current_share"] - bins["reference_share"]).abs()).nlargest(2, "gap")
    told = [
        f"{row['bin']} {row['reference_share']:.1%} before, {row['current_share']:.1%} now"
        for row in most.to_dict("records")
    ]
    return f"{feature} by bin, reference against current window. The largest gaps: {'; '.join(told)}."
