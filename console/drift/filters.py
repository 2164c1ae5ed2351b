"""The selectors of the Drift page; what they say stands in the address, so that a view can be shared."""

from datetime import date
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console.app import queries
from console.components.elements import state_text
from console.components.times import day as day_in_words
from console.drift.query import ALL, Choice

PERIODS = {"3m": "3 months", "12m": "12 months", "all": "All", "own": "Custom"}
USUAL = "12m"
DAY = "drift-day"  # the key of the date in view, which a click on a history sets too


def chosen(history: pd.DataFrame) -> Choice:
    """What the selectors say about a history that has rows."""
    model_place, period_place, day_place = st.columns([5, 4, 4])
    options = models(history)
    with model_place:
        model = _select("Model version", "model", options, lambda version: _model_words(version, options))
    rows = history if model == ALL else history[history["model_version"] == model]
    days = sorted(rows["monitoring_date"])
    with period_place:
        first, last = _period(days[0], days[-1])
    within = [day for day in reversed(days) if first <= day <= last] or [days[-1]]
    states = dict(zip(rows["monitoring_date"], rows["status"], strict=True))
    with day_place:
        day = _select("Monitoring date", "day", within, lambda day: f"{day_in_words(day)}  {state_text(states[day])}")
    return Choice(model, min(first, day), max(last, day), day)


def models(history: pd.DataFrame) -> list[str]:
    """Versions that were monitored: ALL first if there are several, then the champion, then from new to old."""
    champion = queries.champion()
    versions = sorted(set(history["model_version"]), reverse=True)
    first = [champion.version] if champion and champion.version in versions else versions[:1]
    rest = [version for version in versions if version not in first]
    return [*([ALL] if rest else []), *first, *rest]


def quick(name: str, first: date, last: date) -> tuple[date, date]:
    """The first and last monitoring date of a quick choice of period, within a history from `first` to `last`."""
    months = {"3m": 3, "12m": 12}.get(name)
    start = (pd.Timestamp(last) - pd.DateOffset(months=months)).date() if months else first
    return max(first, start), last


def choose_day(widget: str) -> None:
    """Has the next script run look at the date that was clicked in a chart."""
    points = st.session_state[widget].selection.get("day") or []
    if points:
        st.session_state[DAY] = date.fromisoformat(points[0]["iso"])


def shared(name: str, value: str, usual: str) -> None:
    """Puts what was chosen into the address, unless it is what is usual."""
    if value == usual:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _select(label: str, name: str, options: list[Any], words: Any) -> Any:
    """The chosen option; at first the one that the address names, else the first."""
    asked = st.query_params.get(name)
    index = next((number for number, option in enumerate(options) if str(option) == asked), 0)
    key = f"drift-{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[index]
    value = st.selectbox(label, options, format_func=words, key=key)
    shared(name, str(value), str(options[0]))
    return value


def _period(first: date, last: date) -> tuple[date, date]:
    asked = st.query_params.get("period")
    if "drift-period" not in st.session_state:
        st.session_state["drift-period"] = asked if asked in PERIODS else USUAL
    name = st.segmented_control(
        "Period", list(PERIODS), format_func=PERIODS.__getitem__, key="drift-period", required=True
    )
    shared("period", name or USUAL, USUAL)
    if name != "own":
        for bound in ("from", "to"):
            st.query_params.pop(bound, None)
        return quick(name or USUAL, first, last)
    return _own(first, last)


def _own(first: date, last: date) -> tuple[date, date]:
    """The period that the viewer names, kept within the history."""
    bounds = zip(st.columns(2), (("from", first), ("to", last)), strict=True)
    start, end = (_bound(place, name, usual, first, last) for place, (name, usual) in bounds)
    if start > end:
        st.caption("The first date is after the last; they are taken the other way round.")
    return min(start, end), max(start, end)


def _bound(place: DeltaGenerator, name: str, usual: date, first: date, last: date) -> date:
    try:
        asked = date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:
        asked = usual
    value: date = place.date_input(
        name.capitalize(),
        min(max(asked, first), last),
        min_value=first,
        max_value=last,
        format="YYYY-MM-DD",
        key=f"drift-{name}-{first}-{last}",
    )
    shared(name, value.isoformat(), usual.isoformat())
    return value


def _model_words(version: str, options: list[str]) -> str:
    if version == ALL:
        return f"All champions in turn ({len(options) - 1})"
    champion = queries.champion()
    return f"{version} {state_text('champion')}" if champion and version == champion.version else version
