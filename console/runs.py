"""Every run: the recent ones of each pipeline at a glance, and the list of all with filters."""

import streamlit as st

from console.opened import ledger
from console.runs_history import HISTORY_STYLE, history
from console.runs_list import BOUNDS, LIST_STYLE, filters, run_list
from console.trigger import trigger_buttons
from engine.pipelines import PIPELINES
from storage.runs import active_run

BUSY, CALM = "2s", "10s"  # how often the page looks anew while a run is active, and while none is


def page() -> None:
    """Shows the runs that the address asks for."""
    st.html(HISTORY_STYLE + LIST_STYLE)
    st.title("Runs")
    trigger_buttons(tuple(PIPELINES))
    busy = something_runs()
    every = BUSY if busy else CALM
    st.fragment(_recent, run_every=every)(busy)
    st.header("All runs")
    wanted = filters()
    bounds = {name: st.query_params.get(name, "") for name in BOUNDS}
    st.fragment(run_list, run_every=every)(wanted, bounds)


def something_runs() -> bool:
    """Whether a run of some pipeline is queued or running."""
    with ledger().reading() as connection:
        return any(active_run(connection, pipeline) for pipeline in PIPELINES)


def _recent(busy: bool) -> None:
    if something_runs() != busy:
        st.rerun()
    history()


page()
