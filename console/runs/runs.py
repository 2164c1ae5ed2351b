"""The Runs page: recent runs of each pipeline as bars, a grid of tasks by runs, and the list of all with filters."""

import streamlit as st

from console.app.deployment import deployment, ledger
from console.app.queries import reap_lost_runs
from console.app.refresh import refreshed
from console.components.elements import write_html
from console.runs.grid import GRID_SHEET, grid, grid_choice
from console.runs.recent import RECENT_SHEET, recent
from console.runs.run_list import BOUNDS, filters, run_list
from console.runs.trigger import trigger_buttons
from storage.ledger.runs import active_run

REFRESH = "1s"  # a new run appears within a second; Streamlit redraws only the changed parts


def page() -> None:
    """Shows the runs that match the filters in the address."""
    write_html(RECENT_SHEET + GRID_SHEET)
    st.title("Runs")
    trigger_buttons(tuple(deployment().pipelines))
    _recent()
    refreshed(REFRESH)(grid)(grid_choice())
    st.header("All runs")
    where, fold = filters()
    bounds = {name: st.query_params.get(name, "") for name in BOUNDS}
    refreshed(REFRESH)(run_list)(where, bounds, fold=fold)


@refreshed(REFRESH)
def _recent() -> None:
    with ledger().reading() as connection:
        active = [run for pipeline in deployment().pipelines if (run := active_run(connection, pipeline))]
        now = ledger().now(connection)
    reap_lost_runs(active, now)
    recent()


page()
