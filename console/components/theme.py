"""How the console looks: its colours, the sign, tone and word of each state, and charts in the theme that is on.

A state has a sign and a word besides its tone. Each tone has a contrast of at least 4.5 to 1 against the paper.
"""

from typing import Any, Literal, TypeVar

import altair as alt
import streamlit as st

from jobs.charts.kit import theme as chart_theme

Chart = TypeVar("Chart", alt.Chart, alt.LayerChart, alt.VConcatChart, alt.HConcatChart)

# Every colour of the console, for light and for dark. Style sheets use them as `var(--lw-NAME)`.
TONES = {
    "good": ("#146c43", "#5cc9a0"),
    "busy": ("#1f5fae", "#8ab8f2"),
    "warn": ("#7a4f00", "#e6ba5e"),
    "bad": ("#b3261e", "#ff9488"),
    "quiet": ("#56606c", "#a9b3bf"),
    "ended": ("#6b4fa0", "#bfa8f0"),
}
COLOURS = {
    **TONES,
    "link": TONES["busy"],
    "ink": ("#1f2933", "#f0f2f5"),
    "paper": ("#ffffff", "#0e1117"),
    "shade": ("#f3f5f8", "#1a1f29"),  # of weekends and of the track behind a bar
    "line": ("#e3e7ec", "#2b323d"),  # between rows
    "edge": ("#d5dae1", "#353c48"),  # round a callout or a task
    "wire": ("#9aa3af", "#5b6673"),  # between tasks, and of what is of no tone
    "bar": ("#3b7dc4", "#5b97d8"),
    "button": ("#1f5fae", "#3a76c6"),  # behind the white words of a primary button
}

# Sign, tone and words of everything that has a state: runs, tasks, processes, verdicts.
STATES = {
    "queued": ("·", "quiet", "queued"),
    "running": ("▶", "busy", "running"),
    "retrying": ("↻", "warn", "retrying"),
    "succeeded": ("✓", "good", "succeeded"),
    "cached": ("≡", "good", "cached"),
    "skipped": ("-", "quiet", "skipped"),
    "failed": ("✗", "bad", "failed"),
    "upstream_failed": ("⊘", "quiet", "upstream failed"),  # red is for the task that failed alone
    "cancelled": ("■", "ended", "cancelled"),
    "crashed": ("✗", "bad", "crashed"),
    "open": ("!", "bad", "open"),
    "acknowledged": ("·", "warn", "acknowledged"),
    "resolved": ("✓", "good", "resolved"),
    "pending": ("·", "quiet", "waiting to be sent"),
    "sending": ("▶", "busy", "being sent"),
    "sent": ("✓", "good", "sent"),
    "alive": ("✓", "good", "alive"),
    "stopped": ("-", "quiet", "stopped"),
    "silent": ("✗", "bad", "silent"),
    "gone": ("✗", "bad", "gone"),
    "never": ("○", "quiet", "not started yet"),
    "starting": ("↻", "warn", "starting"),
    "paused": ("❚❚", "warn", "paused"),
    "missed": ("!", "warn", "missed"),
    "planned": ("○", "quiet", "planned"),
    "due": ("!", "warn", "due, not processed"),
    "waiting": ("·", "quiet", "waiting"),
    "requested": ("✓", "good", "requested"),
    "healthy": ("●", "good", "healthy"),
    "watch": ("◆", "warn", "watch"),
    "breach": ("▲", "bad", "breach"),
    "insufficient": ("○", "quiet", "too few loans"),
    "stale": ("▼", "warn", "stale"),
    "fresh": ("✓", "good", "up to date"),
    "unknown": ("○", "quiet", "not known"),
    "data fault": ("⊗", "bad", "data fault"),
    "suppressed": ("-", "quiet", "suppressed"),
    "escalated": ("!", "bad", "escalated"),
    "none": ("-", "quiet", "nothing to do"),
    "champion": ("★", "good", "champion"),
}


def colour(name: str) -> str:
    """The colour of that name in the theme that is on, for charts."""
    return COLOURS[name][appearance() == "dark"]


def appearance() -> Literal["light", "dark"]:
    """The theme that the viewer has on."""
    return "dark" if st.context.theme.type == "dark" else "light"


def drawn(chart: Chart, *, plain: bool = False) -> Chart:
    """The chart in the theme that is on, with a transparent background; `plain` leaves out the margin round it.

    Its hundreds of marks have no names for screen readers; the `alt` of the chart's place on the page describes it.
    """
    return chart.properties(config=chart_config(plain=plain))


def chart_config(*, plain: bool) -> dict[str, Any]:
    """The Vega-Lite config of a chart that is drawn like that."""
    config = {**chart_theme(appearance()), "background": "transparent"}
    config["mark"] = {**config.get("mark", {}), "aria": False}
    return {**config, "padding": 4} if plain else config
