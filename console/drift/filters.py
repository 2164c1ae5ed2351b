"""The filters of the Drift page. Their values are kept in the address, so that a view can be shared."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from console.app import queries
from console.components.elements import state_text
from console.components.times import day as day_in_words
from console.drift.query import ALL, Filters

CUSTOM = "own"  # from one date to another, which the viewer names
PERIODS = {"3m": "3 months", "12m": "12 months", "all": "All", CUSTOM: "Custom"}
DEFAULT_PERIOD = "12m"
DAY = "drift-day"  # the key of the date in view, which a click on a history sets too
DRAGS = "drift-drags"  # how often a period was dragged in this session


def selected_filters(history: pd.DataFrame) -> Filters:
    """Shows the filters of a history that has rows, and returns their values."""
    model_place, period_place, day_place = st.columns([5, 4, 4])
    options = models(history)
    with model_place:
        model = _select("Model version", "model", options, lambda version: _model_label(version, options))
    rows = history if model == ALL else history[history["model_version"] == model]
    days = sorted(rows["monitoring_date"])
    with period_place:
        first, last = _period(days[0], days[-1])
    within = [day for day in reversed(days) if first <= day <= last] or [days[-1]]
    states = dict(zip(rows["monitoring_date"], rows["status"], strict=True))
    with day_place:
        day = _select("Monitoring date", "day", within, lambda day: f"{day_in_words(day)}  {state_text(states[day])}")
    return Filters(model, min(first, day), max(last, day), day)


def models(history: pd.DataFrame) -> list[str]:
    """Versions that were monitored: ALL first if there are several, then the champion, then from new to old."""
    champion = queries.champion()
    versions = sorted(set(history["model_version"]), reverse=True)
    first = [champion.version] if champion and champion.version in versions else versions[:1]
    rest = [version for version in versions if version not in first]
    return [*([ALL] if rest else []), *first, *rest]


def preset_period(name: str, first: date, last: date) -> tuple[date, date]:
    """The first and last monitoring date of a period by its name, within a history from `first` to `last`."""
    months = {"3m": 3, "12m": 12}.get(name)
    start = (pd.Timestamp(last) - pd.DateOffset(months=months)).date() if months else first
    return max(first, start), last


def choose_dates(widget: str) -> None:
    """Selects what was marked in a chart, for the next script run: the period that was dragged, or the date clicked."""
    selection = st.session_state[widget].selection
    points, dragged = selection.get("day") or [], dragged_period(selection)
    if dragged is not None:
        set_period(*dragged)
    elif points:
        st.session_state[DAY] = date.fromisoformat(points[0]["iso"])


def dragged_period(selection: Mapping[str, Any]) -> tuple[date, date] | None:
    """The first and the last whole day of the interval that was dragged in a chart; None for none, or less than one."""
    ends = (selection.get("period") or {}).get("monitoring_date") or []
    if len(ends) != 2:
        return None
    # The charts draw a date at midnight of the browser's time zone.
    zone = st.context.timezone or "UTC"
    first, last = (pd.Timestamp(float(end), unit="ms", tz=zone).tz_localize(None) for end in sorted(ends))
    if last - first < pd.Timedelta(days=1):
        return None
    return first.ceil("D").date(), last.floor("D").date()


def set_period(first: date, last: date) -> None:
    """Sets the period that the whole page shows, for the next script run."""
    st.session_state["drift-period"] = CUSTOM
    # New inputs take the dates of the address; the browser would send those of the old ones again.
    st.session_state[DRAGS] = st.session_state.get(DRAGS, 0) + 1
    st.query_params.update({"from": first.isoformat(), "to": last.isoformat()})


def keep_in_address(name: str, value: str, default: str) -> None:
    """Keeps a filter's value in the address, unless it is the default."""
    if value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value


def _select(label: str, name: str, options: list[Any], label_of: Any) -> Any:
    """Shows a selector and returns its option; at first the one that the address names, else the first."""
    requested = st.query_params.get(name)
    index = next((number for number, option in enumerate(options) if str(option) == requested), 0)
    key = f"drift-{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = options[index]
    value = st.selectbox(label, options, format_func=label_of, key=key)
    keep_in_address(name, str(value), str(options[0]))
    return value


def _period(first: date, last: date) -> tuple[date, date]:
    requested = st.query_params.get("period")
    if "drift-period" not in st.session_state:
        st.session_state["drift-period"] = requested if requested in PERIODS else DEFAULT_PERIOD
    name = st.segmented_control(
        "Period", list(PERIODS), format_func=PERIODS.__getitem__, key="drift-period", required=True
    )
    keep_in_address("period", name or DEFAULT_PERIOD, DEFAULT_PERIOD)
    if name != CUSTOM:
        for bound in ("from", "to"):
            st.query_params.pop(bound, None)
        return preset_period(name or DEFAULT_PERIOD, first, last)
    return _custom_period(first, last)


def _custom_period(first: date, last: date) -> tuple[date, date]:
    """The period that the viewer names, limited to the history."""
    bounds = zip(st.columns(2), (("from", first), ("to", last)), strict=True)
    start, end = (_bound(place, name, default, first, last) for place, (name, default) in bounds)
    if start > end:
        st.caption("The first date is after the last one, so the two are swapped.")
    return min(start, end), max(start, end)


def _bound(place: DeltaGenerator, name: str, default: date, first: date, last: date) -> date:
    try:
        requested = date.fromisoformat(st.query_params.get(name, ""))
    except ValueError:
        requested = default
    value: date = place.date_input(
        name.capitalize(),
        min(max(requested, first), last),
        min_value=first,
        max_value=last,
        format="YYYY-MM-DD",
        key=f"drift-{name}-{first}-{last}-{st.session_state.get(DRAGS, 0)}",
    )
    keep_in_address(name, value.isoformat(), default.isoformat())
    return value


def _model_label(version: str, options: list[str]) -> str:
    if version == ALL:
        return f"All champions ({len(options) - 1})"
    champion = queries.champion()
    return f"{version} {state_text('champion')}" if champion and version == champion.version else version
