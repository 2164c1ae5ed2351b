"""The candidates of a training by their test AUC: a chart of the intervals, and the chart in words."""

from collections.abc import Mapping
from typing import Any

import altair as alt
import pandas as pd

from jobs.charts.kit import BLUE, GREY, RED, rows_chart
from jobs.statistics.rounding import two_decimals

ROW, AXIS = 28, 44  # pixels of height for each candidate, and for the axis under them
LINE = 11  # pixels of a line of a candidate's name
TWO_LINES = "split(replace(datum.label, ' (', '\\n('), '\\n')"  # the model, under it the feature set
TICKS = 8  # about so many on the axis
SELECTED, OTHER = "selected", "not selected"


def interval_frame(candidates: Mapping[str, Mapping[str, Any]], selected: str) -> pd.DataFrame:
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
    x = alt.X("low:Q", scale=scale, axis=alt.Axis(title=None, tickCount=TICKS))
    color = alt.Color("role:N", scale=alt.Scale(domain=[SELECTED, OTHER], range=[BLUE, GREY]), legend=None)
    tips = [
        alt.Tooltip("name:N", title="candidate"),
        *(alt.Tooltip(f"{c}:Q", format=".3f") for c in ("auc", "low", "high")),
    ]
    base = rows_chart(frame).encode(y=y, color=color, tooltip=tips)
    bars = base.mark_bar(height=7, cornerRadius=3, opacity=0.55).encode(x=x, x2="high:Q")
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("auc:Q", scale=scale))
    line = rows_chart(pd.DataFrame({"at": [threshold]}))
    rule = line.mark_rule(color=RED, strokeDash=[4, 3]).encode(x=alt.X("at:Q", scale=scale))
    label = line.mark_text(style="note", align="left", dx=4, baseline="top").encode(
        x=alt.X("at:Q", scale=scale), y=alt.value(-12), text=alt.value(f"threshold {two_decimals(threshold)}")
    )
    return alt.LayerChart(layer=[rule, label, bars, points], height=ROW * len(frame) + AXIS)


def interval_words(frame: pd.DataFrame, threshold: float) -> str:
    """The chart in words."""
    words = "; ".join(
        f"{row['name']} {row['auc']:.3f}, 95% interval {row['low']:.3f} to {row['high']:.3f}"
        for row in frame.to_dict("records")
    )
    return f"Test AUC of each model, threshold {two_decimals(threshold)}: {words}."
