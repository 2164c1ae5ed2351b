"""One run: its state, its tasks, when they ran, its log, what it read and made, and what can be done about it."""

import streamlit as st

from console import reads
from console.elements import empty
from console.run_gantt import gantt
from console.run_graph import GRAPH_STYLE, graph
from console.run_header import header
from console.run_view import RunView, view_of
from storage.runs import UnknownRun

EVERY = "1s"


def page() -> None:
    """Shows the run that the address names."""
    run_id = st.query_params.get("run_id", "")
    try:
        view = view_of(run_id or "latest")
    except UnknownRun:
        _unknown(run_id)
        return
    st.html(GRAPH_STYLE)
    st.title(f"{view.run.pipeline.capitalize()} run")
    every = EVERY if view.active else None
    st.fragment(_top, run_every=every)(view)
    st.fragment(_tasks, run_every=every)(view)


def _top(before: RunView) -> None:
    view = view_of(before.run.run_id)
    header(view, worker=bool(reads.living("worker")))
    if before.active and not view.active:
        st.rerun()


def _tasks(before: RunView) -> None:
    view = view_of(before.run.run_id)
    st.header("Tasks")
    graph(view)
    st.header("Timeline")
    gantt(view)


def _unknown(run_id: str) -> None:
    st.title("Run")
    told = f"There is no run {run_id}." if run_id else "There is no run yet."
    empty(told, "Every run that was asked for is on the page Runs.")
    st.page_link("console/runs.py", label="All runs")


page()
