"""Every run: the recent ones of each pipeline at a glance, and the list of all with filters."""

import streamlit as st

from console.app.deployment import ledger
from console.app.queries import end_lost_runs
from console.runs.recent import HISTORY_STYLE, history
from console.runs.run_list import BOUNDS, LIST_STYLE, filters, run_list
from console.runs.trigger import trigger_buttons
from engine.definitions.pipelines import PIPELINES
from storage.ledger.runs import active_run

EVERY = "1s"  # a run is seen within a second, whoever asked for it; what has not changed is not drawn anew


def page() -> None:
    """Shows the runs that the address asks for."""
    st.html(HISTORY_STYLE + LIST_STYLE)
    st.title("Runs")
    trigger_buttons(tuple(PIPELINES))
    st.fragment(_recent, run_every=EVERY)()
    st.header("All runs")
    wanted = filters()
    bounds = {name: st.query_params.get(name, "") for name in BOUNDS}
    st.fragment(run_list, run_every=EVERY)(wanted, bounds)


def _recent() -> None:
    with ledger().reading() as connection:
        active = [run for pipeline in PIPELINES if (run := active_run(connection, pipeline))]
    end_lost_runs(active)
    history()


page()
