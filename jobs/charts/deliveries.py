"""Charts of one column over the deliveries of its dataset: rows, absent values, middle, extremes, levels.

The rows of every frame are in the order of the deliveries, with the columns label (unique), delivery, as_of and
rejected (bool).
"""

import altair as alt
import pandas as pd
from altair import TitleParams

from jobs.charts import kit
from jobs.charts.kit import AMBER, BLUE, GREY, RED, TEAL, VIOLET, rows_chart
from jobs.profiles.changes import number_text

PALETTE = [BLUE, TEAL, AMBER, VIOLET, RED, GREY]
SHOWN_LEVELS = len(PALETTE) - 1
OTHERS = "others"
LEAST_TOP = 0.05  # of an axis of shares
COUNT, SHARE, NUMBER = ",d", "~%", ""  # forms of numbers; the first two are formats of Vega
DAY = "%-d %b %Y"
TICKS = 5
WHOLE = "datum.value % 1 ? '' : datum.label"  # no label at a tick between two whole numbers
NO_VALUES = ("No values", "Every value is missing or unreadable, or they are not kept.")


def by_delivery(frame: pd.DataFrame, title: TitleParams, names: dict[str, str], form: str = NUMBER) -> alt.LayerChart:
    """Lines of some columns over the deliveries; `names` are their words, `form` is COUNT, SHARE or NUMBER.

    Values that are texts are dates.
    """
    title.subtitle = _with_signs(frame, str(title.subtitle))
    if not kit.filled(frame, *names):
        return kit.empty_panel(title, *NO_VALUES)
    long = frame.melt(_shared(frame), list(names), "what", "value").dropna(subset=["value"])
    long["what"] = long["what"].map(names)
    if pd.api.types.is_numeric_dtype(frame[next(iter(names))]):
        y, shown = _numbers(long, form)
    else:
        y, shown = _days(long)
    colors = kit.signs(list(names.values()), [BLUE, AMBER, TEAL][: len(names)])
    legend = alt.Legend() if len(names) > 1 else None
    base = rows_chart(long).encode(
        x=_axis(frame),
        y=y,
        color=alt.Color("what:N", scale=colors, legend=legend),
        tooltip=[*_tips(), alt.Tooltip("what:N", title="number"), shown],
    )
    return kit.panel(title, base.mark_line(strokeWidth=2), *_points(base))


def _numbers(long: pd.DataFrame, form: str) -> tuple[alt.Y, alt.Tooltip]:
    """The axis of numbers and their tooltip. No two labels of the axis are the same."""
    if form == SHARE:
        axis, top = alt.Axis(format=form, tickCount=TICKS), max(float(long["value"].max()), LEAST_TOP)
        return alt.Y("value:Q", axis=axis, scale=alt.Scale(domain=[0, top])), alt.Tooltip("value:Q", format=form)
    # Without a format, Vega writes as many digits as tell its ticks apart.
    axis = alt.Axis(format=form, tickCount=TICKS, labelExpr=WHOLE) if form == COUNT else alt.Axis(tickCount=TICKS)
    tooltip = alt.Tooltip("value:Q", format=form) if form == COUNT else alt.Tooltip("words:N", title="value")
    long["words"] = long["value"].map(number_text)
    return alt.Y("value:Q", axis=axis, scale=alt.Scale(zero=False)), tooltip


def _days(long: pd.DataFrame) -> tuple[alt.Y, alt.Tooltip]:
    """The axis of dates, with labels at dates that occur, and their tooltip."""
    long["value"] = pd.to_datetime(long["value"])  # a text without a time would be a moment of UTC in the browser
    days = sorted(long["value"].unique())
    ticks = [kit.moment(pd.Timestamp(day)) for day in days[:: -(-len(days) // TICKS)]]
    axis = alt.Axis(format=DAY, values=ticks, labelOverlap="greedy")
    return alt.Y("value:T", axis=axis, scale=alt.Scale(zero=False)), alt.Tooltip("value:T", format=DAY)


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
