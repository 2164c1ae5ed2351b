"""The parts of every panel: themes, axes, bands, tooltips and the empty state.

The theme, light or dark, sets the colours of text and grid; the series have the same colours in both. Liberation Sans
is part of vl-convert, so a PNG looks the same on a machine without fonts.
"""

import json
from typing import Any, Literal

import altair as alt
import pandas as pd

from jobs.statistics.rounding import two_decimals

WIDTH, HEIGHT = 500, 210
AXIS_EXTENT = 34  # the same for every panel, so that the plots of a column align
MOST_TICKS = 13
BLUE, GREY, TEAL, AMBER, RED, VIOLET = "#3b7dc4", "#9aa3af", "#1a8f83", "#b07a12", "#d4572a", "#8b6bb8"
BANDS, BAND_COLORS = ["stable", "moderate", "significant"], [TEAL, AMBER, RED]
STATUS_WORDS = {
    "healthy": "healthy", "watch": "watch", "breach": "breach", "insufficient": "too few loans",
    "stale": "stale", "data fault": "data fault",
}  # fmt: skip
STATUS_COLORS = [TEAL, AMBER, RED, "#737d8a", VIOLET, "#c2417f"]
HEXAGON = "M-1,0L-0.5,-0.87L0.5,-0.87L1,0L0.5,0.87L-0.5,0.87Z"
STATUS_SHAPES = ["circle", "diamond", "triangle-up", "cross", "triangle-down", HEXAGON]
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"
INKS = {
    "light": {"paper": "#ffffff", "card": "#f5f6f8", "strong": "#1f2933", "note": "#5b6673", "grid": "#e8ebef"},
    "dark": {"paper": "#0e1117", "card": "#1a1f29", "strong": "#f0f2f5", "note": "#a3adba", "grid": "#272d38"},
}
FORMATS: dict[str, Any] = {"n": ",", "count": ",", "window_rows": ",", "monitoring_date": "%d %b %Y", "share": ".1%"}
TIP_NAMES = {
    "n": "labelled loans", "csi": "CSI", "psi": "PSI", "auc": "AUC", "auc_low": "95% interval from",
    "auc_high": "95% interval to", "auc_pooled": "AUC of all known outcomes", "auc_estimate": "AUC estimate",
    "expected": "AUC estimate",
    "noise_level": "noise level of the change",
    "chance_level": "noise level (99%)", "psi_chance_level": "noise level (99%)", "window_rows": "loans in the window",
    "labelled": "labelled loans", "defaults": "defaults", "cohort": "origination cohort",
    "judged": "judged by the gate",
}  # fmt: skip
UNIT = alt.Scale(domain=[0, 1], nice=False)  # of shares and probabilities
TEXTS = {"cohort", "status", "judged", "feature", "band", "score", "actual", "predicted", "bin", "sample", "maturity"}


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
    """A chart with the rows inline: without a limit on rows and without a global data transformer."""
    values = json.loads(frame.to_json(orient="records", date_format="iso"))
    return alt.Chart(alt.InlineData(values=values))


def panel(title: alt.TitleParams, *layers: alt.Chart) -> alt.LayerChart:
    """The layers as one panel of the usual size."""
    return alt.LayerChart(layer=[*layers], title=title, width=WIDTH, height=HEIGHT)


def empty_panel(title: alt.TitleParams, what: str, reason: str) -> alt.LayerChart:
    """A panel without data. Its heading names what is missing, its note gives the reason."""
    # The axis without marks takes the same space as the axes of other panels.
    blank, middle = alt.Axis(labels=False, grid=False), alt.Scale(type="point")
    x, y = alt.X("empty:O", axis=None, scale=middle), alt.Y("empty:O", axis=blank, scale=middle)
    base = rows_chart(pd.DataFrame({"empty": [0]})).encode(x=x, y=y)
    heading = base.mark_text(style="heading", dy=-10).encode(text=alt.value(what))
    note = base.mark_text(style="note", dy=12).encode(text=alt.value(reason))
    frame = alt.ViewBackground(stroke=GREY, strokeDash=[4, 4], cornerRadius=4)
    return panel(title, heading, note).properties(view=frame)


def filled(frame: pd.DataFrame, *columns: str) -> bool:
    """True if any of the columns exists and has a value."""
    return any(column in frame and bool(frame[column].notna().any()) for column in columns)


def signs(domain: list[Any], values: list[Any]) -> alt.Scale:
    """A scale that maps each member of the domain to its colour, shape, dash or opacity."""
    return alt.Scale(domain=domain, range=values)


def tips(*columns: str) -> list[alt.Tooltip]:
    """A tooltip with these columns, each with its plain name and format."""
    kinds = {"monitoring_date": "T"} | dict.fromkeys(TEXTS, "N")
    formats = FORMATS | dict.fromkeys(TEXTS, alt.Undefined)
    return [
        alt.Tooltip(
            f"{name}:{kinds.get(name, 'Q')}",
            format=formats.get(name, ".3f"),
            title=TIP_NAMES.get(name, name.replace("_", " ")),
        )
        for name in columns
    ]


def months(cohorts: pd.DataFrame) -> pd.DataFrame:
    """The cohorts in order, with empty rows for missing months.

    `month` has the lines of an axis label, `Jan|1,234|2024`. `shown` is True for the labels that fit on the axis. The
    year is at the first label if it is the only one, else at every label: a narrow axis leaves some labels out.
    """
    rows = cohorts.set_index(pd.PeriodIndex(cohorts["cohort"].astype(str), freq="M")).sort_index()
    every = pd.period_range(rows.index[0], rows.index[-1], freq="M")
    rows = rows.reindex(every)
    rows = rows.assign(cohort=every.astype(str), n=rows["n"].fillna(0).astype(int))
    step = -(-len(every) // MOST_TICKS)
    shown = [(len(every) - 1 - i) % step == 0 for i in range(len(every))]
    several = every[0].year != every[-1].year
    first = shown.index(True)
    # The axis drops the fourth part, which makes the label unique.
    lines = [
        f"{month:%b}|{n:,}|{month.year if several or number == first else ''}|{month}"
        for number, (month, n) in enumerate(zip(every, rows["n"], strict=True))
    ]
    return rows.assign(month=lines, shown=shown).reset_index(drop=True)


def month_axis(rows: pd.DataFrame) -> alt.X:
    """The axis of `months`: month, loans, and the year at its first month."""
    ticks = rows.loc[rows["shown"], "month"].tolist()
    axis = alt.Axis(values=ticks, labelExpr="slice(split(datum.value, '|'), 0, 3)", labelOverlap="greedy")
    return alt.X("month:O", sort=None, axis=axis, scale=alt.Scale(domain=rows["month"].tolist()))


def date_axis(dates: "pd.Series[Any]") -> alt.X:
    """The axis of monitoring_date: labels are days, or months when there are many days.

    The year stands at the first label if it is the only one, else at every label: of neighbours that overlap, one is
    left out.
    """
    days = pd.DatetimeIndex(dates.unique())
    pad = max((days[-1] - days[0]) * 0.025, pd.Timedelta(days=1))
    firsts = pd.date_range(days[0], days[-1], freq="MS")
    ticks, form = days[:: -(-len(days) // MOST_TICKS)], "%-d %b"
    if len(days) > MOST_TICKS and len(firsts) > 2:
        step = next((k for k in (1, 2, 3, 4, 6) if len(firsts) <= k * MOST_TICKS), 12)
        ticks, form = firsts[(firsts.month - 1) % step == 0], "%b"
    several = days[0].year != days[-1].year
    year = "timeFormat(datum.value, '%Y')" if several else "datum.index == 0 ? timeFormat(datum.value, '%Y') : ''"
    axis = alt.Axis(
        values=[moment(day) for day in sorted(ticks)],
        labelExpr=f"[timeFormat(datum.value, '{form}'), {year}]",
        labelOverlap="greedy",
    )
    # The names of the bands are drawn after the last day.
    domain = [moment(days[0] - pad), moment(days[-1] + pad * 11)]
    return alt.X("monitoring_date:T", axis=axis, scale=alt.Scale(domain=domain, nice=False))


def moment(day: pd.Timestamp) -> alt.DateTime:
    """The day as a Vega-Lite date in local time, the time of its axes."""
    return alt.DateTime(year=day.year, month=day.month, date=day.day)


def threshold_layers(level: float, words: str, scale: alt.Scale) -> list[alt.Chart]:
    """A dashed line at a level of y, with its name below it at the left."""
    base = rows_chart(pd.DataFrame({"at": [level]})).encode(y=alt.Y("at:Q", scale=scale))
    text = base.mark_text(style="note", align="left", baseline="top", dx=5, dy=4)
    return [base.mark_rule(color=RED, strokeDash=[4, 3]), text.encode(x=alt.value(0), text=alt.value(words))]


def band_layers(edges: list[float], scale: alt.Scale) -> list[alt.Chart]:
    """Tinted bands of PSI between the four edges, each with its lower line and its name at the right."""
    names = ["stable", f"moderate from {two_decimals(edges[1])}", f"significant from {two_decimals(edges[2])}"]
    layers = []
    for low, high, name, color in zip(edges[:-1], edges[1:], names, BAND_COLORS, strict=True):
        base = rows_chart(pd.DataFrame({"low": [low], "high": [high]})).encode(y=alt.Y("low:Q", scale=scale))
        text = base.mark_text(style="note", align="right", baseline="bottom", dx=-6, dy=-4)
        layers += [
            base.mark_rect(opacity=0.09, color=color).encode(y2="high:Q"),
            base.mark_rule(strokeDash=[4, 3], color=color, opacity=1 if low else 0),
        ]
        if (high - low) * HEIGHT > 18 * edges[-1]:  # a thin band has no space for its name
            layers.append(text.encode(x=alt.value("width"), text=alt.value(name)))
    return layers


def diagonal(*, dashed: bool = True) -> alt.Chart:
    """The line of a random ranking or of perfect calibration; not dashed beside lines that are."""
    base = rows_chart(pd.DataFrame({"x": [0, 1], "y": [0, 1]}))
    line: alt.Chart = base.mark_line(color=GREY, strokeDash=[4, 3] if dashed else [1, 0]).encode(
        x=alt.X("x:Q", scale=UNIT), y=alt.Y("y:Q", scale=UNIT)
    )
    return line


def percent_axis(title: str) -> alt.Axis:
    """An axis of shares in percent."""
    return alt.Axis(format=".0%", tickCount=5, title=title)


def share_tips(*columns: str) -> list[alt.Tooltip]:
    """Tooltips of columns of shares, in percent."""
    return [alt.Tooltip(f"{name}:Q", format=".1%", title=name.replace("_", " ")) for name in columns]
