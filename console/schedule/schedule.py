"""The Schedule page: when pipelines are due, what became of the last slots, and what governance decided."""

from html import escape

import streamlit as st

from console.app import queries
from console.app.deployment import deployment, ledger
from console.components.elements import callout, empty, state_html
from console.components.event_list import LINES_SHEET, lines, note_html, run_link
from console.components.times import time_html
from console.schedule.calendar import STRIP_SHEET, lanes, strip
from console.schedule.governance_log import escalation, governance_log
from console.schedule.pipelines import PLANS_SHEET, plan
from storage.ledger.schedules import slot_rows

LOOK_EVERY = "5s"
SLOTS = 15
COLUMNS = "8rem 8rem 8rem 1fr"


def schedule() -> None:
    """The page."""
    st.html(LINES_SHEET + STRIP_SHEET + PLANS_SHEET)
    st.title("Schedule")
    now = deployment().ledger.clock()
    escalation()
    _scheduler()
    found = queries.schedules()
    st.header("Next two weeks")
    strip(lanes({each["pipeline"]: bool(each["paused"]) for each in found}, now), now)
    for each in found:
        plan(each)
    st.header("Last slots")
    _slots()
    governance_log(now)


@st.fragment(run_every=LOOK_EVERY)
def _scheduler() -> None:
    """That nothing is requested while no scheduler is alive."""
    if not queries.living("scheduler"):
        callout(
            "warn",
            "No scheduler is alive, so no slot is requested",
            "Start it with worker and console: `python -m engine up`, or by itself: `python -m engine scheduler`. "
            "Of the slots that it missed it catches up with the newest of each pipeline.",
        )


@st.fragment(run_every=LOOK_EVERY)
def _slots() -> None:
    """What became of the newest slots."""
    now = deployment().ledger.clock()
    with ledger().reading() as connection:
        rows = slot_rows(connection, SLOTS)
    if not rows:
        empty(
            "No slot has fallen due yet",
            "The scheduler writes here what became of each: requested, waiting, skipped, missed or paused.",
            "It runs with `python -m engine up`.",
        )
        return
    told = [
        (
            time_html(row.due_at, now),
            escape(row.pipeline),
            state_html(row.outcome),
            f"{note_html(row.reason)} {run_link(row.run_id)}",
        )
        for row in rows
    ]
    lines(f"The newest {SLOTS} slots", COLUMNS, told)


schedule()
