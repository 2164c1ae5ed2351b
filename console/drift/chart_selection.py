"""Selections in charts: dates and features that can be clicked, and a small histogram of each feature."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import altair as alt
import pandas as pd
from markupsafe import Markup

from console.components.elements import join
from jobs.charts.history import dated, note_layers
from jobs.charts.kit import BLUE, GREY, RED, filled, rows_chart
from jobs.charts.report import largest_drifts

BOX = (220, 96)  # of a feature's small histogram, in points
# With a finger people scroll, so only other pointers drag a period.
DRAG = "[pointerdown[event.pointerType !== 'touch'], window:pointerup] > window:pointermove!"


def with_dates(
    chart: alt.LayerChart, history: pd.DataFrame, column: str, day: date, notes: Sequence[Mapping[str, Any]] = ()
) -> alt.LayerChart:
    """The chart over monitoring dates with a line at the date in view, and the notes at their days.

    A click selects the nearest date: the selection is called `day`, its field `iso`. A drag selects an interval: the
    selection is called `period`, its field `monitoring_date`. The chart's own tooltip is kept.
    """
    if not filled(history, column):
        return chart
    rows = dated(history.dropna(subset=[column]))
    rows["iso"] = rows["monitoring_date"].dt.strftime("%Y-%m-%d")
    here = rows_chart(rows[rows["iso"] == day.isoformat()][["monitoring_date"]])
    selection = alt.selection_point(name="day", fields=["iso"], on="click", nearest=True, toggle=False)
    mark = alt.BrushConfig(fill=BLUE, fillOpacity=0.18, stroke=BLUE)
    period = alt.selection_interval(name="period", encodings=["x"], on=DRAG, mark=mark, translate=False, zoom=False)
    hit = rows_chart(rows).mark_point(size=500, opacity=0, filled=True, cursor="pointer")
    hit = hit.encode(x="monitoring_date:T", y=f"{column}:Q", tooltip=_tooltip(chart))
    line = here.mark_rule(color=GREY, strokeWidth=6, opacity=0.28).encode(x="monitoring_date:T")
    flags = note_layers(notes)
    chart.title.subtitle += f"; {'flag: note; ' if flags else ''}drag to choose a period"
    return _extended(chart, [line], [hit.add_params(selection, period), *flags])


def with_features(
    chart: alt.LayerChart, features: pd.DataFrame, previews: dict[str, str], selected: str | None
) -> alt.LayerChart:
    """The bars of features with the selected one marked; the tooltip shows a feature's histogram, a click selects it.

    The selection is called `feature`, its field `feature`; `previews` are pictures by feature.
    """
    if not filled(features, "csi"):
        return chart
    rows = largest_drifts(features)
    rows = rows.assign(mark=rows["feature"] == selected, image=[previews.get(name, "") for name in rows["feature"]])
    selection = alt.selection_point(name="feature", fields=["feature"], on="click", toggle=False)
    hover = alt.selection_point(name="hover", fields=["feature"], on="pointerover", clear="pointerout", empty=False)
    wide = rows_chart(rows).encode(y=alt.Y("feature:N", sort=None), x=alt.value(0), x2=alt.value("width"))
    band = {"band": 1.0}
    marked = wide.transform_filter("datum.mark").mark_rect(color=BLUE, opacity=0.16, height=band)
    tips = [
        alt.Tooltip("feature:N"),
        alt.Tooltip("csi:Q", format=".3f", title="CSI"),
        alt.Tooltip("chance_level:Q", format=".3f", title="noise level (99%)"),
        alt.Tooltip("window_rows:Q", format=",", title="loans"),
        *([alt.Tooltip("image:N", title="image")] if previews else []),
    ]
    hit = wide.mark_rect(color=GREY, cursor="pointer", height=band).encode(
        opacity=alt.condition(hover, alt.value(0.16), alt.value(0)), tooltip=tips
    )
    return _extended(chart, [marked], [hit.add_params(selection, hover)])


def preview(shares: pd.DataFrame) -> str:
    """A small histogram as the address of a picture: the baseline as outlines, the current window as bars."""
    width, height = BOX
    step = width / max(len(shares), 1)
    top = max(float(shares[["reference_share", "current_share"]].max().max()), 1e-9)
    bars = join(
        _bar((index * step, step), now * height / top, old * height / top)
        for index, (now, old) in enumerate(zip(shares["current_share"], shares["reference_share"], strict=True))
    )
    svg = Markup('<svg xmlns="http://www.w3.org/2000/svg" width="{}" height="{}">{}</svg>').format(width, height, bars)
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()}"


def _bar(place: tuple[float, float], now: float, old: float) -> Markup:
    left, step = place
    height = BOX[1]
    color = RED if old == 0 and now > 0 else BLUE
    bar = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"/>')
    outline = Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="none" stroke="{}" stroke-width="1.5"/>'
    )
    return bar.format(left + 2, height - now, step - 4, now, color) + outline.format(
        left + 1, height - old, step - 2, old, GREY
    )


def _tooltip(chart: alt.LayerChart) -> list[alt.Tooltip]:
    """The tooltip of the chart's last layer."""
    tooltip: list[alt.Tooltip] = chart.layer[-1].encoding.tooltip
    return tooltip


def _extended(chart: alt.LayerChart, under: Sequence[alt.Chart], over: Sequence[alt.Chart]) -> alt.LayerChart:
    layers = [*under, *chart.layer, *over]
    return alt.LayerChart(layer=layers, title=chart.title, width=chart.width, height=chart.height)
