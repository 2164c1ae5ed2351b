"""The button that resumes an ended run. A click opens a dialog; its confirmation requests one run."""

import streamlit as st

from console.app.actions import attempted, resume
from console.app.deployment import deployment, ledger
from console.app.dialogs import dialog_button
from console.components.elements import paragraph
from console.runs.choices import choices
from console.runs.trigger import go_to_run, warn_when_active, warn_without_worker
from engine.control.runs import RESUMABLE
from storage.db.ledger import LedgerRow
from storage.ledger.tasks import task_rows


def resume_button(run: LedgerRow) -> None:
    """A button that opens the dialog to resume a run; nothing for a run that can't be resumed.

    It must be outside of fragments, and only once on a page.
    """
    if run.state in RESUMABLE and run.pipeline in deployment().pipelines:
        dialog_button("Resume", f"resume-{run.run_id}", _ask, run, type="primary")


def _ask(place: str, run: LedgerRow) -> None:
    warn_without_worker()
    warn_when_active(run.pipeline)
    paragraph(f"A new run executes the remaining tasks. {_done(run)} tasks are done.")
    chosen = choices(run.pipeline, run.params, place)
    if st.button("Resume", type="primary", key=f"{place}-confirm"):
        run_id = attempted(lambda who: resume(who, run.run_id, chosen.params, adopt=chosen.adopt))
        if run_id:
            go_to_run(run_id)


def _done(run: LedgerRow) -> str:
    """How many of the run's tasks are done, or of its pipeline's when it has none."""
    with ledger().reading() as connection:
        rows = task_rows(connection, run.run_id)
    done = sum(row.state in ("succeeded", "cached", "skipped") for row in rows)
    return f"{done} of {len(rows) or len(deployment().pipelines[run.pipeline].tasks)}"
