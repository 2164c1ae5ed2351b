"""Charts of one column over the deliveries of its dataset: rows, absent values, middle, extremes, levels.

The rows of every frame are in the order of the deliveries, with the columns label (unique), delivery, as_of and
rejected (bool).
"""

from typing import Any

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, GREY, RED, TEAL, VIOLET, rows_chart

PALETTE = [BLUE, TEAL, AMBER, VIOLET, RED, GREY]
SHOWN_LEVELS = len(PALETTE) - 1
OTHERS = "others"
LEAST_TOP = 0.05  # of an axis of shares
NO_VALUES = ("No values", "Every value is missing or unreadable, or they are not kept.")


def by_delivery(frame: pd.DataFrame, title: TitleParams, names: dict[str, str], form: str = ",.4~g") -> alt.LayerChart:
    """Lines of some columns over the deliveries; `names` are their words, `form` is the format of the numbers."""
    title.subtitle = _with_signs(frame, str(title.subtitle))
    if not kit.filled(frame, *names):
        return kit.empty_panel(title, *NO_VALUES)
    dates = not pd.api.types.is_numeric_dtype(frame[next(iter(names))])
    long = frame.melt(_shared(frame), list(names), "what", "value").dropna(subset=["value"])
    long["what"] = long["what"].map(names)
    axis = alt.Axis(format="%b %Y", tickCount=5) if dates else alt.Axis(format=form, tickCount=5)
    scale = alt.Scale(zero=False)
    if form.endswith("%"):
        scale = alt.Scale(domain=[0, max(float(long["value"].max()), LEAST_TOP)])
    y = alt.Y("value:T" if dates else "value:Q", axis=axis, scale=scale)
    shown: Any = alt.Tooltip("value:T", format="%d %b %Y") if dates else alt.Tooltip("value:Q", format=form)
    colors = kit.signs(list(names.values()), [BLUE, AMBER, TEAL][: len(names)])
    legend = alt.Legend() if len(names) > 1 else None
    base = rows_chart(long).encode(
        x=_axis(frame),
        y=y,
        color=alt.Color("what:N", scale=colors, legend=legend),
        tooltip=[*_tips(), alt.Tooltip("what:N", title="number"), shown],
    )
    return kit.panel(title, base.mark_line(strokeWidth=2), *_points(base))


def levels_by_delivery(frame: pd.DataFrame, title: TitleParams) -> alt.LayerChart:
    """The shares of the most frequent levels as stacked bars. Also needs: level, share (of the values)."""
    title.subtitle = _with_signs(frame, str(title.subtitle))
    if not kit.filled(frame, "share"):
        return kit.empty_panel(title, *NO_VALUES)
    totals = frame.groupby("level")["share"].sum().drop(OTHERS, errors="ignore")
    ranked = totals.sort_values(ascending=False, kind="stable").index.tolist()
    kept = ranked[:SHOWN_LEVELS]
    rows = frame.assign(level=frame["level"].where(frame["level"].isin(kept), OTHERS))
    rows = rows.groupby([*_shared(frame), "level"], sort=False)["share"].sum().reset_index()
    order = [*kept, *([OTHERS] if OTHERS in set(rows["level"]) else [])]
    rows["rank"] = rows["level"].map(order.index)
    colors = kit.signs(order, [*PALETTE[: len(kept)], GREY][: len(order)])
    bars = rows_chart(rows).encode(
        x=_axis(frame),
        y=alt.Y("share:Q", axis=alt.Axis(format="%", tickCount=5), scale=alt.Scale(domain=[0, 1])),
        color=alt.Color("level:N", scale=colors, sort=order),
        order="rank:Q",
        tooltip=[*_tips(), alt.Tooltip("level:N"), alt.Tooltip("share:Q", format=".1%")],
    )
    return kit.panel(title, bars.mark_bar(width={"band": 0.7}))


def _shared(frame: pd.DataFrame) -> list[str]:
    return [name for name in ("label", "delivery", "as_of", "rejected") if name in frame]


def _points(base: alt.Chart) -> list[alt.Chart]:
    """A point for each delivery, a cross for one that was rejected."""
    used, rejected = (base.transform_filter(f"datum.rejected == {flag}") for flag in ("false", "true"))
    return [
        used.mark_point(filled=True, size=50, opacity=1),
        rejected.mark_point(shape="cross", filled=True, size=110, opacity=1),
    ]


def _with_signs(frame: pd.DataFrame, subtitle: str) -> str:
    return "; ".join([*([subtitle] if subtitle else []), *(["cross: rejected"] if frame["rejected"].any() else [])])


def _axis(frame: pd.DataFrame) -> alt.X:
    """The deliveries by the day as of which each was first read, with its year."""
    labels = list(dict.fromkeys(frame["label"]))
    step = -(-len(labels) // kit.MOST_TICKS)
    axis = alt.Axis(
        values=labels[::-1][::step],
        labelExpr="slice(split(datum.value, '|'), 0, 2)",
        labelOverlap="greedy",
    )
    return alt.X("label:O", sort=None, axis=axis, scale=alt.Scale(domain=labels, type="point"))


def _tips() -> list[alt.Tooltip]:
    as_of = alt.Tooltip("as_of:N", title="first read as of")
    return [alt.Tooltip("delivery:N"), as_of, alt.Tooltip("rejected:N")]
