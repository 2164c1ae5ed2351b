"""The button that requests a run of a pipeline. A click opens a dialog; its confirmation requests one run."""

import streamlit as st

from console.app import queries
from console.app.actions import attempted, request, request_key
from console.app.deployment import deployment, ledger
from console.app.dialogs import closed, dialog_button
from console.app.navigation import open_run
from console.app.workers import no_worker
from console.components.elements import callout
from console.runs.choices import choices, show_effects
from console.runs.parameters import as_of_input, force_input
from storage.ledger.runs import active_run


def trigger_button(pipeline: str, *, primary: bool = False) -> None:
    """A button that opens the dialog for a run of the pipeline.

    It must be outside of fragments, and only once on a page.
    """
    kind = "primary" if primary else "secondary"
    dialog_button(f"Run {pipeline}", f"trigger-{pipeline}", _ask, pipeline, type=kind)


def trigger_buttons(pipelines: tuple[str, ...]) -> None:
    """A trigger button for each pipeline, side by side."""
    with st.container(horizontal=True, key="triggers"):
        for pipeline in pipelines:
            trigger_button(pipeline)


def go_to_run(run_id: str) -> None:
    """Closes the dialog, opens the run's page and ends this script run."""
    closed()
    open_run(run_id)


def warn_without_worker() -> None:
    """Shows a warning when no worker is running."""
    if not queries.alive("worker"):
        no_worker("warn", "The run will wait.")


def warn_when_active(pipeline: str) -> None:
    """Shows a warning when the pipeline has an active run, because a request then opens that run."""
    with ledger().reading() as connection:
        active = active_run(connection, pipeline)
    if active is not None:
        sentence = f"{active.run_id} is {active.state}, and a pipeline has one active run at a time."
        callout("warn", f"{pipeline} has an active run", f"{sentence} This button opens it.")


def _ask(place: str, pipeline: str) -> None:
    warn_without_worker()
    warn_when_active(pipeline)
    as_of = as_of_input(deployment().today(), place)
    chosen = choices(pipeline, {}, place)
    force = force_input(place)
    show_effects(pipeline, as_of, chosen, {})
    if st.button(f"Run {pipeline}", type="primary", key=f"{place}-confirm"):
        given = {"params": chosen.params, "adopt": chosen.adopt, "force": force, "request_key": request_key(place)}
        run_id = attempted(lambda who: request(who, pipeline, as_of, **given))
        if run_id:
            go_to_run(run_id)
