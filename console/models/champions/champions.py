"""The champions by logical date: a timeline, the champion of a date, and every change with what led to it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import streamlit as st

from console.app.deployment import ledger
from console.components.elements import Text, empty, join, note, note_html, state_html, write_html
from console.components.steps import STEPS_SHEET
from console.components.table import columns, table
from console.components.theme import drawn
from console.components.times import day, time_html
from console.models.champions.change import change_html, change_link, day_of, period
from console.models.query import Timeline, anchor_version, champion_timeline
from engine.documents.champions.changes import MOST_CHANGES, champion_change_on, reason_in_short
from engine.documents.drift.notes import in_words
from engine.documents.values import Document
from jobs.charts.champions import model_timeline

IN_WORDS = 8  # periods that the description of the timeline names
MARGIN = "A run promotes no model that may be worse than the anchor by more than the margin."
RULE = (
    "Dates are logical: the as-of date of the run that promoted a model, or the day on which a person did, so that a "
    "replayed year shows its own dates."
)
Change = Mapping[str, Any]


def show_history() -> None:
    """Shows all champions: a timeline, the champion of a date, and each change with what led to it."""
    found = champion_timeline()
    if not found.changes:
        empty(
            "No champion yet",
            "This page lists each champion with its period and the reason of its promotion.",
            "Start a training with `python -m engine run training`.",
        )
        return
    words = f"{timeline_words(found.changes)}{in_words(found.notes)}"
    chart = model_timeline(periods_frame(found.changes, found.last), found.checks, found.others, found.notes)
    st.altair_chart(
        drawn(chart.properties(width="container"), plain=True), width="stretch", theme=None, alt=words, key="champions"
    )
    _champion_of_date(found)
    _changes(found.changes)


def periods_frame(changes: Sequence[Change], last: date) -> pd.DataFrame:
    """The bars of the timeline, newest first: version, since, until, role, days. The newest ends on `last`."""
    rows = []
    for change in changes:
        since, until = date.fromisoformat(change["day"]), change["until"]
        end = max(date.fromisoformat(until) if until else last, since)
        role = "past" if until else "champion"
        days = (end - since).days
        rows.append(
            {
                "version": change["version"],
                "since": pd.Timestamp(since),
                "until": pd.Timestamp(end),
                "role": role,
                "days": days,
            }
        )
    return pd.DataFrame(rows)


def timeline_words(changes: Sequence[Change]) -> str:
    """The timeline in words."""
    words = "; ".join(f"{change['version']} from {day_of(change['day'])}" for change in changes[:IN_WORDS])
    return f"Champions by logical date, newest first: {words}."


def _champion_of_date(found: Timeline) -> None:
    """Asks for a logical date, and shows the champion of that date and why it was champion."""
    left, right = st.columns([1, 3], gap="large")
    first = date.fromisoformat(found.changes[-1]["day"])
    with left:
        asked = st.date_input(
            "Champion on",
            found.last,
            min_value=min(first, found.last) - timedelta(days=366),
            max_value=found.last,
            key="champion-on",
            format="YYYY-MM-DD",
            bind="query-params",
        )
    if not isinstance(asked, date):
        return
    change = champion_change_on(found.changes, asked)
    with right:
        if change is None:
            note(f"There was no champion on {day(asked)}.")
            return
        head = state_html("champion", f"{change['version']} on {day(asked)}")
        write_html(join([STEPS_SHEET, head, note_html(period(change)), change_html(change)], " "))


def _changes(changes: Sequence[Document]) -> None:
    now, anchor = ledger().clock(), anchor_version()
    heads = columns("Version", "From", "To", "For", "Recorded", "Why", numbers=["For"])
    table("Champions, newest first", heads, [_row(change, anchor, now) for change in changes], stacked=True)
    count = f"The newest {MOST_CHANGES} changes" if len(changes) == MOST_CHANGES else "All changes"
    note(f"{count}. They are never altered or removed. {RULE}")
    note(f"The anchor is the champion that a person chose last, else the first. {MARGIN}")


def _row(change: Change, anchor: str | None, now: datetime) -> list[Text]:
    version: Text = state_html("champion", change["version"]) if change["until"] is None else change["version"]
    if change["version"] == anchor:
        version = join([version, note_html("anchor")], " ")
    until = day_of(change["until"]) if change["until"] else "now"
    recorded = time_html(datetime.fromisoformat(change["at"]), now)
    return [version, change_link(change), until, _days(change), recorded, reason_in_short(change)]


def _days(change: Change) -> str:
    """How long a past champion was champion, in days of logical dates; '' for the present one."""
    if change["until"] is None:
        return ""
    days = (date.fromisoformat(change["until"]) - date.fromisoformat(change["day"])).days
    return "1 day" if days == 1 else f"{days} days"
