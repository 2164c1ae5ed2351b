"""One run: its state, its tasks, when they ran, its log, what it read and made, and what can be done about it.

Parts that go on by themselves are fragments, which load the run anew each second while it is under way. What a person
holds, such as buttons, dialogs and the filters of the log, stands outside of them.
"""

import streamlit as st

from console.app import queries
from console.components.elements import empty
from console.run.actions import run_actions
from console.run.error import ERROR_STYLE, error_box
from console.run.gantt import gantt
from console.run.graph import GRAPH_STYLE, graph
from console.run.header import header
from console.run.log import LOG_STYLE, log_controls, log_lines
from console.run.query import RunView, view_of
from console.run.row_counts import ROWS_STYLE, accounting, versions
from storage.ledger.runs import UnknownRun

EVERY = "1s"


def page() -> None:
    """Shows the run that the address names."""
    run_id = st.query_params.get("run_id", "")
    try:
        view = view_of(run_id or "latest")
    except UnknownRun:
        _unknown(run_id)
        return
    if not run_id:
        st.query_params["run_id"] = view.run.run_id  # it stays in view when a newer one comes
    st.html(GRAPH_STYLE + ERROR_STYLE + LOG_STYLE + ROWS_STYLE)
    st.title(f"{view.run.pipeline.capitalize()} run")
    every = EVERY if view.active else None
    st.fragment(_top, run_every=every)(view)
    run_actions(view)
    if not view.happened:
        return
    st.fragment(_tasks, run_every=every)(view)
    st.header("Log")
    st.fragment(log_lines, run_every=every)(view, log_controls(view))
    st.fragment(_rows, run_every=every)(view)


def _top(before: RunView) -> None:
    """State, times and error; when the run has begun or ended meanwhile, the whole page is drawn anew."""
    view = view_of(before.run.run_id)
    if (before.run.state, before.run.cancel_requested_at) != (view.run.state, view.run.cancel_requested_at):
        st.rerun()
    header(view, worker=bool(queries.living("worker")))
    error_box(view)


def _tasks(before: RunView) -> None:
    view = view_of(before.run.run_id)
    st.header("Tasks")
    graph(view)
    st.header("Timeline")
    gantt(view)


def _rows(before: RunView) -> None:
    view = view_of(before.run.run_id)
    st.header("Rows")
    accounting(view)
    st.header("Versions")
    versions(view)


def _unknown(run_id: str) -> None:
    st.title("Run")
    told = f"There is no run {run_id}" if run_id else "There is no run yet"
    empty(told, "Every run that was asked for is on the page Runs.")
    st.page_link("console/runs/runs.py", label="All runs")


page()
