"""The page of a run: its state, error and impact, the actions on it, its result, tasks, timeline, log and rows.

The order is that of the questions of somebody who is woken by it: what is wrong, what does it touch, what can I do.

The parts that change are fragments. They refresh each second while the run is active, and share one RunView. The header
goes on refreshing slowly afterwards, for the runs that this one causes. Buttons, dialogs and the filters of the log are
outside of fragments, so that a refresh does not reset them.
"""

import streamlit as st

from console.app.navigation import RUNS_PAGE
from console.app.refresh import refreshed
from console.components.elements import empty, plain_markdown, write_html
from console.run.actions import run_actions
from console.run.error import show_error, show_impact, show_last_lines
from console.run.gantt import gantt
from console.run.graph import GRAPH_SHEET, graph
from console.run.header import facts, header
from console.run.log import LOG_SHEET, log_controls, log_lines
from console.run.query import RunView, view_of
from console.run.result import result
from console.run.row_counts import accounting, versions
from console.run.trial import show_trial
from storage.ledger.runs import UnknownRun

REFRESH, SLOW_REFRESH = "1s", "10s"


def page() -> None:
    """Shows the run in the address."""
    run_id = st.query_params.get("run_id", "")
    try:
        view = view_of(run_id or "latest", reload=True)
    except UnknownRun:
        _unknown(run_id)
        return
    if not run_id:
        st.query_params["run_id"] = view.run.run_id  # so that the page still shows this run when a newer one starts
    write_html(GRAPH_SHEET + LOG_SHEET)
    st.title(plain_markdown(f"{view.run.pipeline.capitalize()} run"))
    every = REFRESH if view.active else None
    refreshed(every or SLOW_REFRESH)(_top)(view)
    show_trial(view)
    run_actions(view)
    refreshed(every or SLOW_REFRESH)(_facts)(view)
    if not view.happened:
        return
    refreshed(every)(_tasks)(view)
    st.header("Log")
    refreshed(every)(log_lines)(view, log_controls(view))
    refreshed(every)(_rows)(view)


def _top(before: RunView) -> None:
    """Shows state, error, impact and the last lines of the failed task."""
    view = view_of(before.run.run_id)
    header(view)
    show_error(view)
    show_impact(view)
    show_last_lines(view)


def _facts(before: RunView) -> None:
    view = view_of(before.run.run_id)
    facts(view)
    result(view)


def _tasks(before: RunView) -> None:
    view = view_of(before.run.run_id)
    st.header("Tasks")
    graph(view)
    st.header("Timeline")
    gantt(view)


def _rows(before: RunView) -> None:
    """Shows rows and versions. Draws the whole page again when the state of the run has changed.

    It is the last part, so the page is never drawn again before its buttons and the filters of the log are there.
    """
    view = view_of(before.run.run_id)
    st.header("Row accounting")
    accounting(view)
    st.header("Versions")
    versions(view)
    if (before.run.state, before.run.cancel_requested_at) != (view.run.state, view.run.cancel_requested_at):
        st.rerun()


def _unknown(run_id: str) -> None:
    st.title("Run")
    empty(f"There is no run {run_id}" if run_id else "There is no run yet", "The page Runs lists all runs.")
    st.page_link(RUNS_PAGE, label="All runs")


page()
