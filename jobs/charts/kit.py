"""What the panels of the report are made of: theme, axes, bands, the empty state, and the strip of headline numbers.

Text, grid and fonts take their colours from a theme, light or dark, through named styles; the colours of series hold
on both. Liberation Sans comes with vl-convert, so a PNG has the same text on a machine without fonts.
"""

import json
import math
from dataclasses import dataclass
from typing import Any, Literal

import altair as alt
import pandas as pd

from jobs.governance.policy import Status, Thresholds

WIDTH, HEIGHT = 500, 210
AXIS_EXTENT = 34  # the same for every panel, so that plots of one column stand under each other
MOST_TICKS = 13
BLUE, GREY, TEAL, AMBER, RED, VIOLET = "#3b7dc4", "#9aa3af", "#1a8f83", "#b07a12", "#d4572a", "#8b6bb8"
BANDS, BAND_COLORS = ["stable", "moderate", "significant"], [TEAL, AMBER, RED]
STATUSES, STATUS_COLORS = ["healthy", "watch", "breach", "insufficient"], [TEAL, AMBER, RED, "#737d8a"]
STATUS_SHAPES = ["circle", "diamond", "triangle-up", "cross"]
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INKS = {
    "light": {"paper": "#ffffff", "card": "#f5f6f8", "strong": "#1f2933", "note": "#5b6673", "grid": "#e8ebef"},
    "dark": {"paper": "#0e1117", "card": "#1a1f29", "strong": "#f0f2f5", "note": "#a3adba", "grid": "#272d38"},
}
FORMATS: dict[str, Any] = {"n": ",", "count": ",", "window_rows": ",", "monitoring_date": "%d %b %Y", "share": ".1%"}
TEXTS = {"cohort", "status", "feature", "band", "score", "actual", "predicted", "bin", "sample", "maturity"}

MEANINGS = {
    "healthy": "● Healthy|within every threshold",
    "watch": "◊ Watch|drift to keep an eye on",
    "breach": "▲ Breach|a threshold is crossed",
    "insufficient": "○ Insufficient|too few loans to judge",
}


@dataclass(frozen=True)
class Headline:
    """The numbers at the top; None for what can't be told yet. Precision, recall and F1 are of the labelled rows."""

    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    labelled_rows: int = 0
    psi: float | None = None
    psi_chance_level: float | None = None
    window_rows: int = 0
    precision: float | None = None
    recall: float | None = None
    f1: float | None = None


def theme(name: Literal["light", "dark"] = "light") -> dict[str, Any]:
    """The Vega-Lite config of every chart of the report."""
    ink = INKS[name]
    words = {"labelColor": ink["note"], "titleColor": ink["note"], "labelFontSize": 10.5, "titleFontSize": 10.5}
    lines = {"domainColor": ink["note"], "tickColor": ink["note"], "tickSize": 4}
    legend = {"orient": "bottom", "title": None, "direction": "horizontal", "columnPadding": 14, "offset": 10}
    title = {"anchor": "start", "frame": "bounds", "fontSize": 14, "color": ink["strong"], "offset": 10}
    subtitle = {"subtitleColor": ink["note"], "subtitleFontSize": 11, "subtitlePadding": 4}
    return {
        "font": FONT,
        "background": ink["paper"],
        "padding": 24,
        "view": {"stroke": None},
        "axis": words | {"title": None, "gridColor": ink["grid"], "labelPadding": 5},
        "axisX": lines | {"grid": False, "labelAngle": 0},
        "axisY": {"domain": False, "ticks": False, "minExtent": AXIS_EXTENT},
        "axisYQuantitative": {"labelFlush": True},
        "legend": words | legend,
        "title": title | subtitle,
        "style": {
            "note": {"fontSize": 10, "color": ink["note"]},
            "strong": {"fontSize": 11, "color": ink["strong"]},
            "heading": {"fontSize": 13, "fontWeight": "bold", "color": ink["strong"]},
            "figure": {"fontSize": 20, "fontWeight": "bold", "color": ink["strong"]},
            "card": {"color": ink["card"]},
        },
    }


def rows_chart(frame: pd.DataFrame) -> alt.Chart:
    """A chart that carries the rows themselves: no limit on rows, no global data transformer."""
    values = json.loads(frame.to_json(orient="records", date_format="iso"))
    return alt.Chart(alt.InlineData(values=values))


def panel(title: alt.TitleParams, *layers: alt.Chart) -> alt.LayerChart:
    """The layers as one panel of the usual size."""
    return alt.LayerChart(layer=[*layers], title=title, width=WIDTH, height=HEIGHT)


def empty_panel(title: alt.TitleParams, what: str, why: str) -> alt.LayerChart:
    """The panel in its place, saying what is missing and when it comes."""
    # An axis without marks keeps the room that the axes of other panels take.
    blank, middle = alt.Axis(labels=False, grid=False), alt.Scale(type="point")
    x, y = alt.X("empty:O", axis=None, scale=middle), alt.Y("empty:O", axis=blank, scale=middle)
    base = rows_chart(pd.DataFrame({"empty": [0]})).encode(x=x, y=y)
    heading = base.mark_text(style="heading", dy=-10).encode(text=alt.value(what))
    note = base.mark_text(style="note", dy=12).encode(text=alt.value(why))
    frame = alt.ViewBackground(stroke=GREY, strokeDash=[4, 4], cornerRadius=4)
    return panel(title, heading, note).properties(view=frame)


def headline_strip(title: str, subtitle: str, cards: pd.DataFrame, width: int) -> alt.LayerChart:
    """A row of cards under the report's title; columns label, value, note and color (empty: the theme's own).

    It reaches as far to the left of its plot as the axes of the panels below do.
    """
    span = alt.Scale(paddingInner=0.03, paddingOuter=0, range=[-AXIS_EXTENT, width - AXIS_EXTENT])
    x = alt.X("label:N", sort=None, axis=None, scale=span)
    base = rows_chart(cards).encode(x=x)
    texts = base.mark_text(align="left").encode(x=alt.X("label:N", sort=None, axis=None, bandPosition=0.07, scale=span))
    plain, tinted = texts.transform_filter("!datum.color"), texts.transform_filter("datum.color")
    heading = alt.TitleParams(
        title, subtitle=subtitle, fontSize=22, subtitleFontSize=12.5, subtitlePadding=6, offset=14
    )
    return panel(
        heading,
        base.mark_rect(style="card", cornerRadius=6),
        texts.mark_text(style="note", align="left", y=18).encode(text="label:N"),
        plain.mark_text(style="figure", align="left", y=41).encode(text="value:N"),
        tinted.mark_text(style="figure", align="left", y=41).encode(
            text="value:N", color=alt.Color("color:N", scale=None)
        ),
        texts.mark_text(style="note", align="left", y=63).encode(text="note:N"),
    ).properties(width=width - AXIS_EXTENT, height=78)


def headline_cards(line: Headline, status: Status, limits: Thresholds) -> pd.DataFrame:
    """The cards of `headline_strip`: status, AUC, PSI, scores at the threshold, and loans behind them."""
    word, meaning = MEANINGS[status].split("|")
    interval = f"95% interval {_told(line.auc_low)} to {_told(line.auc_high)}" if line.auc_low else "no interval yet"
    chance = f"chance level {_told(line.psi_chance_level)}" if line.psi_chance_level else "no current window yet"
    scores = " / ".join(_told(x, 2) for x in (line.precision, line.recall, line.f1))
    cards = [
        ("Status", word, meaning, STATUS_COLORS[STATUSES.index(status)]),
        (f"AUC, threshold {limits.auc:.2f}", _told(line.auc), interval, ""),
        (f"Score PSI, threshold {limits.psi:.2f}", _told(line.psi), chance, ""),
        ("Precision / recall / F1", scores, "labelled loans of all months", ""),
        ("Labelled loans", f"{line.labelled_rows:,}", f"current window {line.window_rows:,} loans", ""),
    ]
    return pd.DataFrame(cards, columns=["label", "value", "note", "color"])


def filled(frame: pd.DataFrame, *columns: str) -> bool:
    """Whether any of the columns is there with any value in it."""
    return any(column in frame and bool(frame[column].notna().any()) for column in columns)


def signs(domain: list[Any], values: list[Any]) -> alt.Scale:
    """The scale that gives each member of the domain its colour, shape, dash or opacity."""
    return alt.Scale(domain=domain, range=values)


def tips(*columns: str) -> list[alt.Tooltip]:
    """A tooltip that names the columns, each in its format."""
    kinds = {"monitoring_date": "T"} | dict.fromkeys(TEXTS, "N")
    formats = FORMATS | dict.fromkeys(TEXTS, alt.Undefined)
    return [
        alt.Tooltip(f"{c}:{kinds.get(c, 'Q')}", format=formats.get(c, ".3f"), title=c.replace("_", " "))
        for c in columns
    ]


def months(cohorts: pd.DataFrame) -> pd.DataFrame:
    """The cohorts in order, absent months as empty rows, and `month`: the lines of an axis label, `Jan|1,234|2024`.

    `shown` says which of the labels there is room for.
    """
    rows = cohorts.set_index(pd.PeriodIndex(cohorts["cohort"].astype(str), freq="M")).sort_index()
    every = pd.period_range(rows.index[0], rows.index[-1], freq="M")
    rows = rows.reindex(every)
    rows = rows.assign(cohort=every.astype(str), n=rows["n"].fillna(0).astype(int))
    step = -(-len(every) // MOST_TICKS)
    shown = [(len(every) - 1 - i) % step == 0 for i in range(len(every))]
    lines, year = [], 0
    for month, n, there in zip(every, rows["n"], shown, strict=True):
        told = str(month.year) if there and month.year != year else ""
        year = month.year if there else year
        # The cohort itself, which the axis drops, keeps months with as many loans apart.
        lines.append(f"{month:%b}|{n:,}|{told}|{month}")
    return rows.assign(month=lines, shown=shown).reset_index(drop=True)


def month_axis(rows: pd.DataFrame) -> alt.X:
    """The axis of `months`: month, loans, and the year where it changes."""
    ticks = rows.loc[rows["shown"], "month"].tolist()
    axis = alt.Axis(values=ticks, labelExpr="slice(split(datum.value, '|'), 0, 3)", labelOverlap="greedy")
    return alt.X("month:O", sort=None, axis=axis, scale=alt.Scale(domain=rows["month"].tolist()))


def date_axis(dates: "pd.Series[Any]") -> alt.X:
    """The axis of monitoring_date: days while they are few, else firsts of months; the year where it changes."""
    days = pd.DatetimeIndex(dates.unique())
    pad = max((days[-1] - days[0]) * 0.025, pd.Timedelta(days=1))
    firsts = pd.date_range(days[0], days[-1], freq="MS")
    ticks, form = days[:: -(-len(days) // MOST_TICKS)], "%-d %b"
    if len(days) > MOST_TICKS and len(firsts) > 2:
        step = next((k for k in (1, 2, 3, 4, 6) if len(firsts) <= k * MOST_TICKS), 12)
        ticks, form = firsts[(firsts.month - 1) % step == 0], "%b"
    year = "datum.index == 0 || month(datum.value) == 0 ? timeFormat(datum.value, '%Y') : ''"
    axis = alt.Axis(
        values=[moment(day) for day in ticks],
        labelExpr=f"[timeFormat(datum.value, '{form}'), {year}]",
        labelOverlap="greedy",
    )
    # The names of the bands stand in the room after the last day.
    domain = [moment(days[0] - pad), moment(days[-1] + pad * 11)]
    return alt.X("monitoring_date:T", axis=axis, scale=alt.Scale(domain=domain, nice=False))


def moment(day: pd.Timestamp) -> alt.DateTime:
    """The day as Vega-Lite wants it, in the clock that it draws in."""
    return alt.DateTime(year=day.year, month=day.month, date=day.day)


def threshold_layers(level: float, words: str, scale: alt.Scale) -> list[alt.Chart]:
    """A dashed line at the level of y, and its name under it at the left."""
    base = rows_chart(pd.DataFrame({"at": [level]})).encode(y=alt.Y("at:Q", scale=scale))
    text = base.mark_text(style="note", align="left", baseline="top", dx=5, dy=4)
    return [base.mark_rule(color=RED, strokeDash=[4, 3]), text.encode(x=alt.value(0), text=alt.value(words))]


def band_layers(edges: list[float], scale: alt.Scale) -> list[alt.Chart]:
    """Tinted bands of PSI between the four edges, a line under each, and their names at the right."""
    words = ["stable", f"moderate from {edges[1]:g}", f"significant from {edges[2]:g}"]
    layers = []
    for low, high, told, color in zip(edges[:-1], edges[1:], words, BAND_COLORS, strict=True):
        base = rows_chart(pd.DataFrame({"low": [low], "high": [high]})).encode(y=alt.Y("low:Q", scale=scale))
        text = base.mark_text(style="note", align="right", baseline="bottom", dx=-6, dy=-4)
        layers += [
            base.mark_rect(opacity=0.09, color=color).encode(y2="high:Q"),
            base.mark_rule(strokeDash=[4, 3], color=color, opacity=1 if low else 0),
        ]
        if (high - low) * HEIGHT > 18 * edges[-1]:  # a band too thin for its name goes without
            layers.append(text.encode(x=alt.value("width"), text=alt.value(told)))
    return layers


def _told(value: float | None, decimals: int = 3) -> str:
    return "n/a" if value is None or math.isnan(value) else f"{value:.{decimals}f}"
