"""The importance of each feature of a model with its interval, and the drivers of a movement: change times importance.

Both as a chart, and in words.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import BLUE, GREY, rows_chart

ROW, AXIS = 26, 44  # pixels of height for each feature, and for the axis under them
SHOWN = 10
NOTHING = ("Nothing to rank", "The window of this date has too few loans, or its bins were not kept.")
SIGNS = {"higher": "▲", "lower": "▼"}


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


def drivers_frame(found: Sequence[Mapping[str, Any]], plain_names: Mapping[str, str]) -> pd.DataFrame:
    """The features that moved most: `name`, `size`, `direction` in words with a sign, and `beyond` noise.

    `found` are movements as plain rows, the largest first, with `feature`, `change`, `noise_level`, `moved`, `weight`.
    The size is the weight; the change where the model keeps no importance.
    """
    weighted = any(one["weight"] is not None for one in found)
    rows = [
        {
            **one,
            "name": plain_names.get(one["feature"], one["feature"]),
            "size": one["weight"] if weighted else one["change"],
            "beyond": one["change"] > one["noise_level"],
            "direction": _direction(one),
        }
        for one in found
    ]
    return pd.DataFrame([row for row in rows if row["size"]][:SHOWN])


def drivers_chart(frame: pd.DataFrame, since: str, *, weighted: bool = True) -> alt.LayerChart:
    """Bars of change times importance, the largest at the top, with the direction beside each; grey within noise.

    A click selects a feature: the selection and its field are called `feature`.
    """
    what = "change times importance" if weighted else "change (this model keeps no importance)"
    title = TitleParams(
        "What moved, by its weight in the model" if weighted else "What moved most",
        subtitle=f"{what}, {since}; grey: within noise; click a bar for details",
    )
    if frame.empty:
        return kit.empty_panel(title, *NOTHING)
    order = frame["name"].tolist()
    top = float(frame["size"].max())
    axis = alt.Axis(labelLimit=170, ticks=False, domain=False)
    tips = [
        alt.Tooltip("name:N", title="feature"),
        alt.Tooltip("feature:N", title="column"),
        alt.Tooltip("direction:N"),
        alt.Tooltip("change:Q", format=".3f", title="change (PSI)"),
        alt.Tooltip("noise_level:Q", format=".3f", title="noise level of the change"),
        alt.Tooltip("importance:Q", format=".4f", title="importance (loss of AUC)"),
    ]
    base = rows_chart(frame).encode(
        y=alt.Y("name:N", sort=order, axis=axis),
        x=alt.X("size:Q", axis=alt.Axis(tickCount=4, title=what), scale=alt.Scale(domain=[0, top * 1.45], nice=False)),
        tooltip=tips,
    )
    color = alt.condition("datum.beyond", alt.value(BLUE), alt.value(GREY))
    words = base.mark_text(style="note", align="left", dx=5).encode(text="direction:N")
    bars = base.mark_bar(cornerRadiusEnd=3, cursor="pointer").encode(color=color)
    return kit.panel(
        title, bars.add_params(alt.selection_point(name="feature", fields=["feature"], toggle=False)), words
    )


def drivers_words(frame: pd.DataFrame, since: str) -> str:
    """The chart in words."""
    if frame.empty:
        return "No feature moved, or it could not be measured."
    told = "; ".join(f"{row['name']}: {row['direction']}" for row in frame.head(4).to_dict("records"))
    beyond = int(frame["beyond"].sum())
    return f"Features by change {since} times importance, {beyond} of {len(frame)} beyond noise. The first: {told}."


def _direction(one: Mapping[str, Any]) -> str:
    if one["change"] <= one["noise_level"]:
        return "within noise"
    words = one["moved"] or "moved"
    sign = SIGNS.get(words.split(" ")[0], "")
    return f"{sign} {words}" if sign else words
