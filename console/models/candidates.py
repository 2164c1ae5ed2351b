"""The candidates of a training: a table and their intervals, in order of rank on unseen loans."""

from html import escape
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from console.components.elements import figure
from console.components.legacy import grid
from console.components.table import columns
from console.components.theme import drawn
from jobs.charts.kit import BLUE, GREY, RED, rows_chart

MEASURES = ("Test AUC", "95% interval", "Train AUC", "Precision", "Recall", "F1")
ROW, AXIS = 28, 44  # pixels of height for each candidate, and for the axis under them
CHOSEN, OTHER = "chosen", "not chosen"


def candidates_part(candidates: dict[str, dict[str, float | None]], chosen: str, threshold: float) -> None:
    """The candidates as a table beside a plot of their intervals."""
    ranked = by_rank(candidates)
    rows = [_row(name, candidates[name], chosen) for name in ranked]
    table, plot = st.columns([3, 2], gap="large")
    with table:
        grid("The candidates of this training", columns("Candidate", *MEASURES, numbers=MEASURES), rows, strong=[0])
        st.caption("Precision, recall and F1 are those of predicted defaults at the threshold 0.5, on the test loans.")
    frame = interval_frame({name: candidates[name] for name in ranked}, chosen)
    if not frame.empty:
        plot.altair_chart(
            drawn(interval_chart(frame, threshold), plain=True),
            width="stretch",
            theme=None,
            alt=interval_words(frame, threshold),
        )


def by_rank(candidates: dict[str, dict[str, float | None]]) -> list[str]:
    """The names of the candidates, the best test AUC first."""
    return sorted(candidates, key=lambda name: -(candidates[name].get("test_auc") or 0.0))


def interval_text(numbers: dict[str, float | None]) -> str:
    """The 95% interval of the test AUC; a dash when it could not be told."""
    low, high = numbers.get("auc_low"), numbers.get("auc_high")
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"


def interval_frame(candidates: dict[str, dict[str, float | None]], chosen: str) -> pd.DataFrame:
    """Name, AUC, low, high and role of every candidate that has an interval, in the order given."""
    rows = [
        {
            "name": name,
            "auc": one.get("test_auc"),
            "low": one.get("auc_low"),
            "high": one.get("auc_high"),
            "role": CHOSEN if name == chosen else OTHER,
        }
        for name, one in candidates.items()
    ]
    return pd.DataFrame(rows, columns=["name", "auc", "low", "high", "role"]).dropna()


def interval_chart(frame: pd.DataFrame, threshold: float) -> alt.LayerChart:
    """Bars from low to high with a point at the AUC, and the threshold as a dashed line."""
    lowest, highest = min(frame["low"].min(), threshold), max(frame["high"].max(), threshold)
    pad = max(0.02, (highest - lowest) * 0.08)
    scale = alt.Scale(domain=[lowest - pad, highest + pad], nice=False)
    y = alt.Y("name:N", sort=None, axis=alt.Axis(labelLimit=150, ticks=False, domain=False))
    color = alt.Color("role:N", scale=alt.Scale(domain=[CHOSEN, OTHER], range=[BLUE, GREY]), legend=None)
    tips = [
        alt.Tooltip("name:N", title="candidate"),
        *(alt.Tooltip(f"{c}:Q", format=".3f") for c in ("auc", "low", "high")),
    ]
    base = rows_chart(frame).encode(y=y, color=color, tooltip=tips)
    bars = base.mark_bar(height=7, cornerRadius=3, opacity=0.55).encode(x=alt.X("low:Q", scale=scale), x2="high:Q")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("auc:Q", scale=scale))
    line = rows_chart(pd.DataFrame({"at": [threshold]}))
    rule = line.mark_rule(color=RED, strokeDash=[4, 3]).encode(x=alt.X("at:Q", scale=scale))
    note = line.mark_text(style="note", align="left", dx=4, baseline="top").encode(
        x=alt.X("at:Q", scale=scale), y=alt.value(-12), text=alt.value(f"threshold {threshold:g}")
    )
    return alt.LayerChart(layer=[rule, note, bars, points], width="container", height=ROW * len(frame) + AXIS)


def interval_words(frame: pd.DataFrame, threshold: float) -> str:
    """The plot in words."""
    told = "; ".join(f"{row.name} {row.auc:.3f}, 95% interval {row.low:.3f} to {row.high:.3f}" for row in _named(frame))
    return f"Test AUC of each model, threshold {threshold:g}: {told}."


def _named(frame: pd.DataFrame) -> Any:
    return frame.itertuples(index=False)


def _row(name: str, numbers: dict[str, float | None], chosen: str) -> list[str]:
    mark = ' <span class="lw-state lw-good"><span class="lw-sign" aria-hidden="true">✓</span>chosen</span>'
    return [
        escape(name) + (mark if name == chosen else ""),
        figure(numbers.get("test_auc")),
        interval_text(numbers),
        *(figure(numbers.get(key)) for key in ("train_auc", "precision", "recall", "f1")),
    ]
