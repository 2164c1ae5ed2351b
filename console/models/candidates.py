"""The candidates of a training: a table and their confidence intervals, the best one first."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from console.components.elements import Text, figure, join, note, sign_html
from console.components.table import columns, table
from console.components.theme import drawn
from console.models.query import Metrics
from jobs.charts.kit import BLUE, GREY, RED, rows_chart
from jobs.statistics.cut_off import cut_off_words

FIGURES = {
    "out_of_fold_auc": "Out-of-fold AUC",
    "train_auc": "Train AUC",
    "precision": "Precision",
    "recall": "Recall",
    "f1": "F1",
    "calibration_error": "Calibration error",
}
MEASURES = ("Test AUC", "95% interval", "Test AUC, not in arrears", *FIGURES.values())
ROW, AXIS = 28, 44  # pixels of height for each candidate, and for the axis under them
LINE = 11  # pixels of a line of a candidate's name
TWO_LINES = "split(replace(datum.label, ' (', '\\n('), '\\n')"  # the model, under it the feature set
SELECTED, OTHER = "selected", "not selected"


def show_candidates(
    candidates: dict[str, Metrics], selected: str, threshold: float, cut_off: Mapping[str, Any] | None
) -> None:
    """Shows the candidates as a table beside a chart of their intervals. `cut_off` is the selected one's."""
    ranked = by_rank(candidates)
    rows = [_row(name, candidates[name], selected) for name in ranked]
    left, right = st.columns([2, 1], gap="large")
    with left:
        heads = columns("Candidate", *MEASURES, numbers=MEASURES)
        table("The candidates of this training", heads, rows, strong=[0])
        note(measures_note(cut_off))
        if told := arrears_note(candidates.get(selected, {})):
            note(told)
    frame = interval_frame({name: candidates[name] for name in ranked}, selected)
    with right:
        show_intervals(frame, threshold)


def measures_note(cut_off: Mapping[str, Any] | None) -> str:
    """What the numbers of the candidates mean, with the cut-off of the selected one."""
    told = f"The selected model predicts default at {cut_off_words(cut_off)}."
    if not cut_off:
        return f"Precision, recall and F1 are those on the test loans. {told}"
    return (
        f"Candidates are chosen by the AUC of out-of-fold train scores; the test loans only report. {told} Each other "
        "candidate has its own cut-off by the same rule. The calibration error is that on the test loans."
    )


def show_intervals(frame: pd.DataFrame, threshold: float) -> None:
    """Shows the chart of intervals; nothing for an empty frame."""
    if frame.empty:
        return
    chart = drawn(interval_chart(frame, threshold), plain=True)
    st.altair_chart(chart, width="stretch", theme=None, alt=interval_words(frame, threshold))


def by_rank(candidates: dict[str, Metrics]) -> list[str]:
    """The names of the candidates, the best out-of-fold AUC first; without it, as in earlier releases, the test AUC."""
    measure = "out_of_fold_auc" if all("out_of_fold_auc" in one for one in candidates.values()) else "test_auc"
    return sorted(candidates, key=lambda name: -(candidates[name].get(measure) or 0.0))


def interval_text(metrics: Metrics) -> str:
    """The 95% interval of the test AUC; a dash when there is none."""
    low, high = metrics.get("auc_low"), metrics.get("auc_high")
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def auc_without_arrears(metrics: Metrics) -> str:
    """The AUC of the test loans that were not in arrears at scoring, with its interval; a dash when it is not known."""
    apart = metrics.get("not_in_arrears") or {}
    value = figure(apart.get("test_auc"))
    return value if value == "-" else f"{value} ({interval_text(apart)})"


def arrears_note(metrics: Metrics) -> str:
    """How many test loans were in arrears at scoring, and how the metrics are without them; '' where none was."""
    apart, late = metrics.get("not_in_arrears"), metrics.get("in_arrears")
    if not apart or not late or not late["loans"]:
        return ""
    rate = f"{late['defaults'] / late['loans']:.1%}"
    numbers = [f"{name} {figure(apart.get(key))}" for key, name in FIGURES.items() if key in apart]
    return (
        f"{late['loans']:,} test loans were in arrears at scoring (bad rate {rate}). On the other {apart['loans']:,} "
        f"({apart['defaults']:,} bad) the selected model has {', '.join(numbers)}."
    )


def interval_frame(candidates: dict[str, Metrics], selected: str) -> pd.DataFrame:
    """Name, AUC, low, high and role of every candidate that has an interval, in the order given."""
    rows = [
        {
            "name": name,
            "auc": metrics.get("test_auc"),
            "low": metrics.get("auc_low"),
            "high": metrics.get("auc_high"),
            "role": SELECTED if name == selected else OTHER,
        }
        for name, metrics in candidates.items()
    ]
    return pd.DataFrame(rows, columns=["name", "auc", "low", "high", "role"]).dropna()


def interval_chart(frame: pd.DataFrame, threshold: float) -> alt.LayerChart:
    """Bars from low to high with a point at the AUC, and the threshold as a dashed line."""
    lowest, highest = min(frame["low"].min(), threshold), max(frame["high"].max(), threshold)
    pad = max(0.02, (highest - lowest) * 0.08)
    scale = alt.Scale(domain=[lowest - pad, highest + pad], nice=False)
    middle = -LINE / 2 if frame["name"].str.contains(" (", regex=False).any() else 0
    axis = alt.Axis(
        labelLimit=165, ticks=False, domain=False, labelExpr=TWO_LINES, labelLineHeight=LINE, labelOffset=middle
    )
    y = alt.Y("name:N", sort=None, axis=axis)
    color = alt.Color("role:N", scale=alt.Scale(domain=[SELECTED, OTHER], range=[BLUE, GREY]), legend=None)
    tips = [
        alt.Tooltip("name:N", title="candidate"),
        *(alt.Tooltip(f"{c}:Q", format=".3f") for c in ("auc", "low", "high")),
    ]
    base = rows_chart(frame).encode(y=y, color=color, tooltip=tips)
    bars = base.mark_bar(height=7, cornerRadius=3, opacity=0.55).encode(x=alt.X("low:Q", scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("auc:Q", scale=scale))
    line = rows_chart(pd.DataFrame({"at": [threshold]}))
    rule = line.mark_rule(color=RED, strokeDash=[4, 3]).encode(x=alt.X("at:Q", scale=scale))
    label = line.mark_text(style="note", align="left", dx=4, baseline="top").encode(
        x=alt.X("at:Q", scale=scale), y=alt.value(-12), text=alt.value(f"threshold {threshold:g}")
    )
    return alt.LayerChart(layer=[rule, label, bars, points], width="container", height=ROW * len(frame) + AXIS)


def interval_words(frame: pd.DataFrame, threshold: float) -> str:
    """The chart in words."""
    words = "; ".join(
        f"{row['name']} {row['auc']:.3f}, 95% interval {row['low']:.3f} to {row['high']:.3f}"
        for row in frame.to_dict("records")
    )
    return f"Test AUC of each model, threshold {threshold:g}: {words}."


def _row(name: str, metrics: Metrics, selected: str) -> list[Text]:
    return [
        join([name, sign_html("✓", "good", SELECTED) if name == selected else ""], " "),
        figure(metrics.get("test_auc")),
        interval_text(metrics),
        auc_without_arrears(metrics),
        *(figure(metrics.get(key)) for key in FIGURES),
    ]
