"""Who was champion when: every event there was, a small timeline, and an answer for any day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import escape

import altair as alt
import pandas as pd
import streamlit as st

from console.app.deployment import ledger
from console.components.elements import empty, state_html
from console.components.legacy import grid, link_html
from console.components.table import columns
from console.components.theme import drawn
from console.components.times import day, local, span, time_html, viewer_zone
from console.models.query import EVENTS, events
from jobs.charts.kit import BLUE, GREY, rows_chart
from storage.db.ledger import LedgerRow
from storage.ledger.models import model_by_alias

ROW, AXIS = 26, 40  # pixels of height for each champion, and for the axis under them


@dataclass(frozen=True)
class ChampionPeriod:
    """A stretch of time in which a version was champion; `until` is None for the present one."""

    version: str
    since: datetime
    until: datetime | None
    who: str
    why: str
    run_id: str | None


def champion_periods(found: Sequence[LedgerRow]) -> list[ChampionPeriod]:
    """The champion_periods of the champions, newest first, of events that are newest first."""
    ends = [None, *(row.at for row in found)]
    return [
        ChampionPeriod(row.version, row.at, until, row.who, row.why, row.run_id)
        for row, until in zip(found, ends, strict=False)
    ]


def history_part() -> None:
    """All champions: a timeline, who was one on a day, and the events with who and why."""
    found = champion_periods(events())
    if not found:
        empty(
            "No champion yet",
            "Who was champion when, and why, will be here.",
            "`python -m engine run training` makes one.",
        )
        return
    now = ledger().clock()
    chart, question = st.columns([3, 1], gap="large")
    with question:
        _question(found[-1].since)
    chart.altair_chart(drawn(timeline(found, now), plain=True), width="stretch", theme=None, alt=timeline_words(found))
    rows = [_row(period, now) for period in found]
    grid("Champions, newest first", columns("Version", "Since", "For", "Who", "Why", numbers=["For"]), rows)
    told = f"the newest {EVENTS} events" if len(found) == EVENTS else "every event there was"
    st.caption(f"Nothing here is ever changed or removed: {told}.")


def timeline(found: Sequence[ChampionPeriod], now: datetime) -> alt.Chart:
    """A bar from the first to the last moment of every period, a line for each version, the present one
    coloured.
    """
    rows = [
        {
            "version": one.version,
            "since": local(one.since).replace(tzinfo=None),
            "until": local(one.until or now).replace(tzinfo=None),
            "role": "champion" if one.until is None else "past",
            "for": span(((one.until or now) - one.since).total_seconds()),
        }
        for one in found
    ]
    form = "%H:%M" if now - found[-1].since < timedelta(days=2) else "%-d %b %Y"
    order = list(dict.fromkeys(one.version for one in found))
    chart: alt.Chart = (
        rows_chart(pd.DataFrame(rows))
        .mark_bar(height=9, cornerRadius=2)
        .encode(
            x=alt.X("since:T", title=None, axis=alt.Axis(format=form, labelOverlap="greedy", tickCount=6)),
            x2="until:T",
            y=alt.Y("version:N", sort=order, axis=alt.Axis(ticks=False, domain=False, labelLimit=170)),
            color=alt.Color("role:N", scale=alt.Scale(domain=["champion", "past"], range=[BLUE, GREY]), legend=None),
            tooltip=[
                alt.Tooltip("version:N"),
                alt.Tooltip("since:T", format="%-d %b %Y %H:%M"),
                alt.Tooltip("until:T", format="%-d %b %Y %H:%M"),
                alt.Tooltip("for:N"),
            ],
        )
        .properties(width="container", height=ROW * len(order) + AXIS)
    )
    return chart


def timeline_words(found: Sequence[ChampionPeriod]) -> str:
    """The timeline in words."""
    told = "; ".join(f"{one.version} from {day(local(one.since).date())}" for one in found[:8])
    return f"Champions over time, newest first: {told}."


def champion_on(chosen: date) -> str | None:
    """The version that was champion at the end of a day of the viewer's."""
    end = datetime.combine(chosen + timedelta(days=1), time(), viewer_zone())
    with ledger().reading() as connection:
        found = model_by_alias(connection, at=end)
    return found.version if found else None


def times_part(model: LedgerRow) -> None:
    """When the model of this row became champion, and why."""
    found = events(model.version)
    if not found:
        st.caption("It was never champion.")
        return
    now = ledger().clock()
    rows = [[time_html(row.at, now), *_who_and_why(row, model.run_id)] for row in found]
    grid("When this version became champion", columns("Since", "Who", "Why"), rows)


def _who_and_why(event: LedgerRow, made_by: str) -> tuple[str, str]:
    if event.run_id == made_by:
        return "its training", "promoted, as said above"
    return escape(event.who), escape(event.why)


def _question(first: datetime) -> None:
    today = local(ledger().clock()).date()
    asked = st.date_input(
        "Who was champion on",
        today,
        min_value=local(first).date() - timedelta(days=366),
        max_value=today,
        key="champion-on",
    )
    if isinstance(asked, date):
        version = champion_on(asked)
        told = (
            state_html("champion", version) if version else '<span class="lw-note">Nobody: there was none yet.</span>'
        )
        st.html(f'<p style="margin:0">{told}</p>')
        if version:
            st.caption(f"At the end of {day(asked)}, {viewer_zone().key}.")


def _row(period: ChampionPeriod, now: datetime) -> list[str]:
    lasted = span(((period.until or now) - period.since).total_seconds())
    who = link_html("run", period.who, run_id=period.run_id) if period.run_id else escape(period.who)
    mark = f"{state_html('champion', period.version)}" if period.until is None else escape(period.version)
    return [mark, time_html(period.since, now), lasted, who, escape(period.why)]
