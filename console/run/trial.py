"""The mark of a trial on its page: what it leaves unchanged, the decision that it would have led to, its picture."""

import streamlit as st

from console.app.deployment import deployment
from console.components.elements import callout, with_code
from console.run.query import RunView
from engine.control.trials import is_trial, kind_of, trial_sentences
from engine.documents.runs import outputs, picture_of
from storage.errors import LoanwatchError


def show_trial(view: RunView) -> None:
    """Shows that a run is a trial, if it is one, and what it found."""
    if not is_trial(view.run):
        return
    kind = kind_of(view.run).capitalize()
    sentences = [with_code(sentence) for sentence in trial_sentences(view.run.cause_detail)]
    callout("warn", f"{kind}: nothing of this run is published", *sentences)
    decision = outputs(view.tasks).get("decision")
    if decision:
        wish = "A training would be requested." if decision["retrain"] else "No training would be requested."
        callout("quiet", f"With these thresholds: {decision['status']}", decision["reason"], wish)
    _picture(view)


def _picture(view: RunView) -> None:
    facts = picture_of(view.tasks)
    if facts is None or view.active:
        return
    try:
        picture = deployment().reports.folder.read(facts.name)
    except (LoanwatchError, OSError):
        return  # the run's own copy is deleted after a while, because it was never published
    with st.expander("Picture of this what-if, not published", key="trial-picture"):
        st.image(picture, width="stretch")
