"""The actions on a run: resume it, run it again with other parameters, cancel it."""

import streamlit as st

from console.app.actions import attempted, cancel, flash, request, request_key
from console.app.deployment import deployment
from console.app.dialogs import closed, dialog_button
from console.app.navigation import RUNS_PAGE
from console.components.elements import paragraph
from console.run.query import RunView
from console.runs.choices import choices, show_effects
from console.runs.parameters import as_of_input, force_input
from console.runs.resume import resume_button
from console.runs.trigger import go_to_run, warn_when_active, warn_without_worker


def run_actions(view: RunView) -> None:
    """The buttons for a run, with their dialogs. They must be outside of fragments."""
    run_id = view.run.run_id
    with st.container(horizontal=True, vertical_alignment="center", key="run-actions"):
        if view.active:
            why_not = "Cancellation is requested already." if view.run.cancel_requested_at else None
            dialog_button("Cancel this run", f"cancel-{run_id}", _cancel_dialog, view, why_not=why_not)
        resume_button(view.run)
        if not view.active and view.run.pipeline in deployment().pipelines:
            dialog_button("Run again", f"again-{run_id}", _again_dialog, view)
        st.page_link(RUNS_PAGE, label="All runs")


def _again_dialog(place: str, view: RunView) -> None:
    warn_without_worker()
    warn_when_active(view.run.pipeline)
    run = view.run
    as_of = as_of_input(run.as_of, place)
    chosen = choices(run.pipeline, run.params, place)
    force = force_input(place)
    show_effects(run.pipeline, as_of, chosen, run.params)
    if st.button("Run again", type="primary", key=f"{place}-confirm"):
        params = {**run.params, **chosen.params}
        given = {"params": params, "adopt": chosen.adopt, "force": force, "request_key": request_key(place)}
        run_id = attempted(lambda who: request(who, run.pipeline, as_of, **given))
        if run_id:
            go_to_run(run_id)


def _cancel_dialog(place: str, view: RunView) -> None:
    running = view.run.state == "running"
    first = "Its tasks stop within seconds. " if running else ""
    paragraph(f"{first}Published tables do not change. A cancelled run can be resumed.")
    if st.button("Cancel this run", type="primary", key=f"{place}-confirm"):
        state = attempted(lambda who: cancel(who, view.run.run_id))
        if state:
            flash("The run is cancelled." if state == "cancelled" else "The run stops within seconds.")
            closed()
            st.rerun()
