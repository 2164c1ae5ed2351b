"""The Schedule page: a calendar of the scheduled runs, pauses, and the recent runs."""

from datetime import date

import streamlit as st
from markupsafe import Markup

from console.app import queries
from console.app.deployment import deployment, ledger
from console.app.navigation import run_link
from console.app.refresh import refreshed
from console.app.workers import no_scheduler
from console.components.elements import empty, note, note_html, state_html, write_html
from console.components.table import columns, table
from console.components.times import day, time_html
from console.schedule.calendar import CALENDAR_SHEET, calendar
from console.schedule.pipelines import PIPELINES_SHEET, pipeline_line
from engine.documents.schedule.calendar import calendar_document
from storage.ledger.schedules import slot_rows

REFRESH = "5s"
SLOTS = 15
COLUMNS = columns("Due", "Pipeline", "Result", "Details")


def schedule() -> None:
    """The page."""
    write_html(CALENDAR_SHEET + PIPELINES_SHEET)
    st.title("Schedule")
    _scheduler()
    st.header("Two weeks back, two weeks ahead")
    document = calendar_document(deployment())
    first, last = (day(date.fromisoformat(document[name])) for name in ("first", "last"))
    note(f"{first} to {last}, in the time zone {document['timezone']}.")
    calendar(document)
    for each in queries.schedules():
        pipeline_line(each)
    st.header("Recent scheduled runs")
    _slots()


@refreshed(REFRESH)
def _scheduler() -> None:
    """Shows an alert while no scheduler is running."""
    if not queries.alive("scheduler"):
        no_scheduler(
            "Until it runs, no scheduled run is requested. At its start it requests the newest missed run of each "
            "pipeline."
        )


@refreshed(REFRESH)
def _slots() -> None:
    """Shows the result of the newest slots."""
    now = deployment().ledger.clock()
    with ledger().reading() as connection:
        rows = slot_rows(connection, SLOTS)
    if not rows:
        empty(
            "No scheduled run yet",
            "This table lists each scheduled time with its result: requested, waiting, skipped, missed or paused.",
            "The first line appears at the next scheduled time, while the scheduler is running.",
        )
        return
    cells = [
        (
            time_html(row.due_at, now),
            row.pipeline,
            state_html(row.outcome),
            Markup("{} {}").format(note_html(row.reason), run_link(row.run_id)),
        )
        for row in rows
    ]
    table(f"The newest {SLOTS} scheduled runs", COLUMNS, cells, stacked=True)


schedule()
