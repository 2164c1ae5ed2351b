"""The champions over time: a timeline, the champion on a given day, and every promotion and rollback."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import altair as alt
import pandas as pd
import streamlit as st

from console.app.deployment import ledger
from console.app.navigation import run_link
from console.components.elements import Text, empty, join, note, note_html, state_html, write_html
from console.components.table import columns, table
from console.components.theme import drawn
from console.components.times import day, local, span, time_html, viewer_zone
from console.models.query import EVENTS, anchor_version, champion_events
from jobs.charts.champions import champion_timeline
from storage.db.ledger import LedgerRow
from storage.ledger.models import model_by_alias

IN_WORDS = 8  # periods that the description of the timeline names
MARGIN = "A run promotes no model that may be worse than the anchor by more than the margin."


@dataclass(frozen=True)
class ChampionPeriod:
    """A period in which a version was champion; `until` is None for the present champion."""

    version: str
    since: datetime
    until: datetime | None
    who: str
    why: str
    run_id: str | None


def champion_periods(events: Sequence[LedgerRow]) -> list[ChampionPeriod]:
    """The periods between events, which come newest first; newest first."""
    ends = [None, *(event.at for event in events)]
    return [
        ChampionPeriod(event.version, event.at, until, event.who, event.why, event.run_id)
        for event, until in zip(events, ends, strict=False)
    ]


def show_history() -> None:
    """Shows all champions: a timeline, the champion on a given day, and the events with person and reason."""
    periods, anchor = champion_periods(champion_events()), anchor_version()
    if not periods:
        empty(
            "No champion yet",
            "This page lists each champion with its period and the reason of its promotion.",
            "Start a training with `python -m engine run training`.",
        )
        return
    now = ledger().clock()
    chart, question = st.columns([3, 1], gap="large")
    with question:
        _champion_of_day(periods[-1].since)
    alt_text = timeline_words(periods)
    chart.altair_chart(drawn(timeline(periods, now), plain=True), width="stretch", theme=None, alt=alt_text)
    rows = [_row(period, anchor, now) for period in periods]
    heads = columns("Version", "Since", "For", "Who", "Why", numbers=["For"])
    table("Champions, newest first", heads, rows, stacked=True)
    count = f"The newest {EVENTS} events" if len(periods) == EVENTS else "All events"
    note(f"{count}. Events are never changed or removed.")
    note(f"The anchor is the champion that a person chose last, else the first. {MARGIN}")


def timeline(periods: Sequence[ChampionPeriod], now: datetime) -> alt.Chart:
    """A bar for each period in the viewer's time."""
    rows = [
        {
            "version": period.version,
            "since": local(period.since).replace(tzinfo=None),
            "until": local(period.until or now).replace(tzinfo=None),
            "role": "champion" if period.until is None else "past",
            "for": _duration(period, now),
        }
        for period in periods
    ]
    form = "%H:%M" if now - periods[-1].since < timedelta(days=2) else "%-d %b %Y"
    return champion_timeline(pd.DataFrame(rows), form).properties(width="container")


def timeline_words(periods: Sequence[ChampionPeriod]) -> str:
    """The timeline in words."""
    words = "; ".join(f"{period.version} from {day(local(period.since).date())}" for period in periods[:IN_WORDS])
    return f"Champions over time, newest first: {words}."


def champion_on(date_: date) -> str | None:
    """The version that was champion at the end of a day of the viewer's time zone; None when there was none."""
    end = datetime.combine(date_ + timedelta(days=1), time(), viewer_zone())
    with ledger().reading() as connection:
        champion = model_by_alias(connection, at=end)
    return champion.version if champion else None


def show_champion_events(model: LedgerRow) -> None:
    """Shows when the model of this registry row became champion, and why."""
    events = champion_events(model.version)
    if not events:
        note("It was never champion.")
        return
    now = ledger().clock()
    rows = [[time_html(event.at, now), *_who_and_why(event, model.run_id)] for event in events]
    table("When this version became champion", columns("Since", "Who", "Why"), rows)


def _who_and_why(event: LedgerRow, trained_by: str) -> tuple[Text, Text]:
    if event.run_id == trained_by:
        return "its training run", "passed the promotion test"
    return event.who, event.why


def _champion_of_day(first: datetime) -> None:
    """Asks for a day and shows the champion of that day."""
    today = local(ledger().clock()).date()
    asked = st.date_input(
        "Champion on",
        today,
        min_value=local(first).date() - timedelta(days=366),
        max_value=today,
        key="champion-on",
    )
    if not isinstance(asked, date):
        return
    version = champion_on(asked)
    if version is None:
        note("There was no champion.")
        return
    write_html(state_html("champion", version))
    note(f"At the end of {day(asked)}, {viewer_zone().key}.")


def _duration(period: ChampionPeriod, now: datetime) -> str:
    return span(((period.until or now) - period.since).total_seconds())


def _row(period: ChampionPeriod, anchor: str | None, now: datetime) -> list[Text]:
    version: Text = state_html("champion", period.version) if period.until is None else period.version
    if period.version == anchor:
        version = join([version, note_html("anchor")], " ")
    who = run_link(period.run_id, period.who) if period.run_id else period.who
    return [version, time_html(period.since, now), _duration(period, now), who, period.why]
