"""The importance of each feature of a model: a chart of the intervals, and the chart in words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from jobs.charts.kit import BLUE, GREY, rows_chart

ROW, AXIS = 26, 44  # pixels of height for each feature, and for the axis under them


def importance_frame(found: Sequence[Mapping[str, Any]], plain_name: Callable[[str], str]) -> pd.DataFrame:
    """Plain name, importance, low and high of every feature, and whether its interval lies above 0."""
    rows = [{**one, "name": plain_name(one["feature"]), "above": (one["low"] or 0.0) > 0} for one in found]
    return pd.DataFrame(rows)


def importance_chart(frame: pd.DataFrame) -> alt.LayerChart:
    """Bars from low to high with a point at the loss of AUC, and a line at 0; grey where the interval reaches 0."""
    axis = alt.Axis(labelLimit=190, ticks=False, domain=False)
    color = alt.Color("above:N", scale=alt.Scale(domain=[True, False], range=[BLUE, GREY]), legend=None)
    tips = [
        alt.Tooltip("name:N", title="feature"),
        *(
            alt.Tooltip(f"{column}:Q", format=".4f", title=title)
            for column, title in (("importance", "loss of AUC"), ("low", "95% interval from"), ("high", "to"))
        ),
    ]
    base = rows_chart(frame).encode(y=alt.Y("name:N", sort=None, axis=axis), color=color, tooltip=tips)
    bars = base.mark_bar(height=7, cornerRadius=3, opacity=0.55).encode(x=alt.X("low:Q"), x2="high:Q")
    points = base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("importance:Q"))
    zero = rows_chart(pd.DataFrame({"at": [0]})).mark_rule(color=GREY, strokeDash=[4, 3]).encode(x="at:Q")
    return alt.LayerChart(layer=[zero, bars, points], height=ROW * len(frame) + AXIS)


def importance_words(frame: pd.DataFrame) -> str:
    """The chart in words."""
    first = "; ".join(f"{row['name']} {row['importance']:.4f}" for row in frame.head(4).to_dict("records"))
    return f"Loss of AUC by feature, with 95% intervals. The largest of {len(frame)}: {first}."
