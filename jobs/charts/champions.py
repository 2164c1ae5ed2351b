"""The champions over time: a bar for each period; with them what monitoring found, and what was not promoted."""

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from jobs.charts import kit
from jobs.charts.history import note_layers
from jobs.charts.kit import AMBER, BLUE, GREY, rows_chart, signs

ROW, AXIS, LEGEND = 26, 40, 30  # pixels of height for each line, for the axis under them, and for the legend
MONITORED, NOT_PROMOTED, NOTES = "monitored", "not promoted", "notes"  # the lines under those of the champions
DAY = "%-d %b %Y"


def champion_timeline(periods: pd.DataFrame, form: str = "%-d %b %Y") -> alt.Chart:
    """A bar for each period, a line for each version, the present champion coloured; `form` is the format of times.

    Columns: version, since, until (times without zone), role (`champion` or `past`), for (the duration in words).
    """
    order = list(dict.fromkeys(periods["version"]))
    tips = [
        alt.Tooltip("version:N"),
        *(alt.Tooltip(f"{name}:T", format="%-d %b %Y %H:%M") for name in ("since", "until")),
    ]
    chart: alt.Chart = (
        rows_chart(periods)
        .mark_bar(height=9, cornerRadius=2)
        .encode(
            x=alt.X("since:T", title=None, axis=alt.Axis(format=form, labelOverlap="greedy", tickCount=6)),
            x2="until:T",
            y=alt.Y("version:N", sort=order, axis=alt.Axis(ticks=False, domain=False, labelLimit=170)),
            color=alt.Color("role:N", scale=alt.Scale(domain=["champion", "past"], range=[BLUE, GREY]), legend=None),
            tooltip=[*tips, alt.Tooltip("for:N")],
        )
        .properties(height=ROW * len(order) + AXIS)
    )
    return chart


def model_timeline(
    periods: pd.DataFrame, checks: pd.DataFrame, others: pd.DataFrame, notes: Sequence[Mapping[str, Any]] = ()
) -> alt.LayerChart:
    """The champions by logical date; under them models that were not promoted, monitoring dates by status, and notes.

    `periods` has the columns version, since, until (dates), role (`champion` or `past`), days; `checks` date, status,
    reason; `others` date, version; `notes` are those of `note_layers`. A period of no day has a bar of one.
    """
    versions = list(dict.fromkeys(periods["version"]))
    under = {NOT_PROMOTED: len(others), MONITORED: len(checks), NOTES: len(notes)}
    lanes = [*versions, *(lane for lane, rows in under.items() if rows)]
    y = alt.Y("line:N", sort=lanes, scale=alt.Scale(domain=lanes), axis=alt.Axis(domain=False, labelLimit=170))
    axis = alt.Axis(format=DAY, labelOverlap="greedy", tickCount=6)
    x = alt.X("since:T", title=None, axis=axis, scale=alt.Scale(padding=8))
    least = pd.Timedelta(days=1)
    rows = periods.assign(line=periods["version"], until=periods["until"].clip(lower=periods["since"] + least))
    color = alt.Color("role:N", scale=signs(["champion", "past"], [BLUE, GREY]), legend=None)
    bars = rows_chart(rows).encode(x=x, x2="until:T", y=y, color=color, tooltip=_tips("version", "since", "until"))
    layers = [bars.mark_bar(height=9, cornerRadius=2)]
    if len(others):
        marks = rows_chart(others.assign(line=NOT_PROMOTED)).encode(x="date:T", y=y, tooltip=_tips("version", "date"))
        layers.append(marks.mark_point(shape="cross", size=70, filled=True, opacity=1, color=AMBER))
    if len(checks):
        layers.append(_checks(checks, y))
    layers += note_layers(notes, alt.YDatum(NOTES, type="nominal"))
    legend = LEGEND if len(checks) else 0
    chart = alt.LayerChart(layer=layers, height=ROW * len(lanes) + AXIS + legend)
    timeline: alt.LayerChart = chart.resolve_scale(color="independent", shape="independent")
    return timeline


def _checks(checks: pd.DataFrame, y: alt.Y) -> alt.Chart:
    """A sign for each monitoring date, its colour and shape by status."""
    rows = checks.assign(line=MONITORED, status=checks["status"].replace(kit.STATUS_WORDS))
    words = [word for word in kit.STATUS_WORDS.values() if (rows["status"] == word).any()]
    at = [list(kit.STATUS_WORDS.values()).index(word) for word in words]
    color = alt.Color("status:N", scale=signs(words, [kit.STATUS_COLORS[n] for n in at]))
    shape = alt.Shape("status:N", scale=signs(words, [kit.STATUS_SHAPES[n] for n in at]))
    chart: alt.Chart = (
        rows_chart(rows)
        .encode(x="date:T", y=y, color=color, shape=shape, tooltip=_tips("status", "reason", "date"))
        .mark_point(filled=True, size=70, opacity=1)
    )
    return chart


def _tips(*names: str) -> list[alt.Tooltip]:
    dates = {"since": "from", "until": "to", "date": "date"}
    return [
        alt.Tooltip(f"{name}:T", format=DAY, title=dates[name]) if name in dates else alt.Tooltip(f"{name}:N")
        for name in names
    ]
