"""The drift of the features, and of one feature its histogram against the baseline and its history."""

from functools import partial

import altair as alt
import pandas as pd
import streamlit as st

from console.app.deployment import deployment, plain_name
from console.components.chart_panel import Panel, kept, show_panel
from console.components.elements import count, empty
from console.components.times import day
from console.drift.chart_selection import preview, with_dates, with_features
from console.drift.curve_data import window_bins
from console.drift.filters import choose_dates, keep_in_address
from console.drift.movement import ranking_words, with_movements
from console.drift.query import View, reference_of
from engine.documents.movement import Moved
from jobs.charts.history import csi_over_time
from jobs.charts.report import feature_drift, score_distribution
from jobs.monitoring.measures import shares
from jobs.statistics.drift import SIGNIFICANT
from jobs.statistics.rounding import two_decimals

KEY = "drift-feature"


def show_features(first: Panel, view: View, moved: Moved) -> None:
    """A first panel beside the ranking of the features, and under them the selected feature."""
    names = view.features.sort_values(["csi", "feature"], ascending=[False, True])["feature"].tolist()
    selected = _selected_feature(names)
    left, right = st.columns(2, gap="large")
    with left:
        show_panel(first)
    with right:
        show_panel(_kept_ranking(view, selected, moved))
    if selected is None:
        _show_unmeasured(view)
        return
    _show_selector(names)
    left, right = st.columns(2, gap="large")
    with left:
        _show_histogram(view, selected)
    with right:
        show_panel(kept("feature-history", (*view.identity, selected), partial(history_panel, view, selected)))


def ranking_panel(view: View, bins: dict[str, pd.DataFrame], selected: str | None, moved: Moved) -> Panel:
    """The features by their CSI; the tooltip shows a feature's histogram, a click selects it.

    The numbers are ranked by change times importance where the model keeps importance.
    """
    rows = view.features.sort_values("csi", ascending=False)
    words = "Feature drift could not be measured at this date."
    if len(rows):
        over = rows[rows["csi"] >= SIGNIFICANT]
        first = rows.iloc[0]
        words = (
            f"CSI of {len(rows)} features, {len(over)} at or above {two_decimals(SIGNIFICANT)}. The largest is "
            f"{first['csi']:.3f} of {plain_name(first['feature'])}; noise level (99%) {first['chance_level']:.3f}. "
            f"{ranking_words(moved)}"
        )
    make = partial(_ranking, rows, bins, selected)
    identity = (*view.identity, selected or "", str(len(bins)))
    numbers = with_movements(rows, moved)
    if faulty := view.monitoring_run.values.get("faulty"):
        numbers = numbers.assign(fault=numbers["feature"].map(faulty))
    return Panel("feature-drift", identity, make, words, numbers, choose_feature, plain_name=plain_name)


def history_panel(view: View, feature: str) -> Panel:
    """The CSI of a feature over the period; a click selects a date."""
    rows = feature_history(view, feature)
    known, name = rows.dropna(subset=["csi"]), plain_name(feature)
    words = f"CSI of {name} was not measured in this period."
    if len(known):
        words = (
            f"CSI of {name} at {len(known)} monitoring dates, from {known['csi'].iloc[0]:.3f} to "
            f"{known['csi'].iloc[-1]:.3f}, {int((known['csi'] >= SIGNIFICANT).sum())} of them at or above "
            f"{two_decimals(SIGNIFICANT)}."
        )
    identity = (*view.identity, feature)
    return Panel(
        "feature-history",
        identity,
        partial(_history, view, rows, feature),
        words,
        rows,
        choose_dates,
        plain_name=plain_name,
    )


def histogram_panel(view: View, bins: pd.DataFrame, feature: str) -> Panel:
    """The shares of loans by bin of a feature, baseline and current window."""
    return Panel(
        "feature-bins", (*view.identity, feature), partial(_bins, bins, feature), _largest_gaps(bins, feature), bins
    )


def bins_of(view: View) -> dict[str, pd.DataFrame]:
    """Shares by bin of each feature, from the monitoring run or else from its outcomes; {} when both are deleted.

    The baseline is that of the model of that date.
    """
    reference = reference_of(view.row["model_version"])
    counts: dict[str, list[int]] = view.monitoring_run.values.get("bins", {})
    if not counts and reference and view.monitoring_run.outcomes is not None:
        counts = window_bins(view.monitoring_run.outcomes, view.row["model_version"], reference)
    frozen = reference.get("features", {})
    return {name: pd.DataFrame(shares(frozen[name], now)) for name, now in counts.items() if name in frozen}


def feature_history(view: View, feature: str) -> pd.DataFrame:
    """The rows of a feature by date, with the champion of each."""
    rows = view.drift[view.drift["feature"] == feature]
    shown = view.history[["monitoring_date", "model_version", "action"]]
    return rows.merge(shown, on="monitoring_date").reset_index(drop=True)


def feature_text(feature: str) -> str:
    """`Plain name (column)`; the plain name alone if it is also the column's."""
    name = plain_name(feature)
    return name if name == feature else f"{name} ({feature})"


def choose_feature(widget: str) -> None:
    """Selects the feature that was clicked, for the next script run."""
    points = st.session_state[widget].selection.get("feature") or []
    if points:
        st.session_state[KEY] = points[0]["feature"]


def _selected_feature(names: list[str]) -> str | None:
    """The selected feature, the one that the address names, or the one with the largest drift."""
    if not names:
        return None
    requested = st.session_state.get(KEY, st.query_params.get("feature"))
    st.session_state[KEY] = requested if requested in names else names[0]
    feature: str = st.session_state[KEY]
    return feature


def _show_selector(names: list[str]) -> None:
    place, _ = st.columns(2, gap="large")
    with place:
        feature = st.selectbox("Feature, largest drift first", names, format_func=feature_text, key=KEY)
    keep_in_address("feature", feature, names[0])


def _kept_ranking(view: View, selected: str | None, moved: Moved) -> Panel:
    identity = (*view.identity, selected or "")
    return kept("feature-drift", identity, lambda: ranking_panel(view, bins_of(view), selected, moved))


def _histogram_of(view: View, feature: str) -> Panel | None:
    bins = bins_of(view).get(feature)
    return None if bins is None else histogram_panel(view, bins, feature)


def _show_histogram(view: View, feature: str) -> None:
    found = kept("feature-bins", (*view.identity, feature), partial(_histogram_of, view, feature))
    if found is not None:
        show_panel(found)
        return
    empty(
        f"{plain_name(feature)}: no histogram of {day(view.filters.day)}",
        "The run of that date stored the CSI but not the bins, and its outcomes loan by loan are deleted. "
        "Select a later monitoring date.",
    )


def _show_unmeasured(view: View) -> None:
    needed = deployment().settings.drift_rows
    empty(
        f"Feature drift of {day(view.filters.day)} is not measured: too few loans",
        f"The current window has {count(view.row['window_rows'])} loans; with fewer than {count(needed)}, noise "
        "looks like drift. It is measured once inference has scored more loans.",
    )


def _ranking(rows: pd.DataFrame, bins: dict[str, pd.DataFrame], selected: str | None) -> alt.LayerChart:
    pictures = {name: preview(frame) for name, frame in bins.items()}
    chart = with_features(
        feature_drift(rows, {name: plain_name(name) for name in rows["feature"]}), rows, pictures, selected
    )
    chart.title.subtitle += "; click a bar for details" if len(rows) else ""
    return chart


def _history(view: View, rows: pd.DataFrame, feature: str) -> alt.LayerChart:
    chart = csi_over_time(rows, feature, plain_name(feature))
    return with_dates(chart, rows, "csi", view.filters.day, view.notes)


def _bins(bins: pd.DataFrame, feature: str) -> alt.LayerChart:
    unusual = [
        f"{name}: {row['current_count']:,} now ({row['current_share']:.1%}), "
        f"{row['reference_count']:,} in the baseline ({row['reference_share']:.1%})"
        for name in ("UNSEEN", "MISSING")
        for row in bins[bins["bin"] == name].to_dict("records")
        if row["current_count"] or row["reference_count"]
    ]
    title = alt.TitleParams(
        f"{plain_name(feature)}: baseline and current window",
        subtitle="; ".join([feature, "share of loans per bin", *unusual]),
    )
    return score_distribution(bins).properties(title=title)


def _largest_gaps(bins: pd.DataFrame, feature: str) -> str:
    most = bins.assign(gap=(bins["current_share"] - bins["reference_share"]).abs()).nlargest(2, "gap")
    gaps = [
        f"{row['bin']} {row['reference_share']:.1%} in the baseline, {row['current_share']:.1%} now"
        for row in most.to_dict("records")
    ]
    return f"{plain_name(feature)} by bin, baseline and current window. The largest gaps: {'; '.join(gaps)}."
