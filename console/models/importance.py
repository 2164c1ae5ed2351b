"""The importance of each feature of a version: a table beside a chart of the intervals; the stability of reasons."""

from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from console.app.deployment import plain_name
from console.components.elements import Text, empty, figure, named_html, note
from console.components.table import columns, table
from console.components.theme import drawn
from console.models.query import ModelView
from jobs.charts.kit import BLUE, GREY, rows_chart
from jobs.modelling.explanation.kept import importance_in_words
from jobs.modelling.explanation.stability import stability_in_words

ROW, AXIS = 26, 44  # pixels of height for each feature, and for the axis under them
HEADS = ("Feature", "Loss of AUC", "95% interval")
APART = ("Not in arrears", "95% interval")


def show_importance(view: ModelView) -> None:
    """Shows by how much the AUC falls on the test loans when a feature's values are permuted among them."""
    found: list[dict[str, Any]] = view.details.get("importance", [])
    if not found:
        empty(
            "No importance is known", "An earlier release trained this version; run the training again to measure it."
        )
        return
    left, right = st.columns(2, gap="large")
    with left:
        known = any(one.get("not_in_arrears") for one in found)
        heads = (*HEADS, *(APART if known else ()))
        rows = [_row(one, known=known) for one in found]
        table("The features by their importance", columns(*heads, numbers=heads[1:]), rows)
        note(importance_in_words(view.details))
        note(stability_in_words(view.details.get("reason_stability")))
    with right:
        frame = importance_frame(found)
        chart = drawn(importance_chart(frame), plain=True)
        st.altair_chart(chart, width="stretch", theme=None, alt=importance_words(frame))


def _row(one: dict[str, Any], *, known: bool) -> list[Text]:
    """Feature, loss of AUC with interval; where it is `known` also those of the loans not in arrears at scoring."""
    apart = one.get("not_in_arrears") or {"importance": None, "low": None, "high": None}
    cells = [cell for found in (one, apart)[: 2 if known else 1] for cell in _numbers(found)]
    return [named_html(plain_name(one["feature"]), one["feature"]), *cells]


def _numbers(found: dict[str, Any]) -> list[str]:
    interval = "-" if found["low"] is None else f"{found['low']:.4f} to {found['high']:.4f}"
    return [figure(found["importance"], 4), interval]


def importance_frame(found: list[dict[str, Any]]) -> pd.DataFrame:
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
    return alt.LayerChart(layer=[zero, bars, points], width="container", height=ROW * len(frame) + AXIS)


def importance_words(frame: pd.DataFrame) -> str:
    """The chart in words."""
    first = "; ".join(f"{row['name']} {row['importance']:.4f}" for row in frame.head(4).to_dict("records"))
    return f"Loss of AUC by feature, with 95% intervals. The largest of {len(frame)}: {first}."
