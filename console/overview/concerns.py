"""What is wrong now, with the buttons that take care of it."""

import streamlit as st
from markupsafe import Markup

from console.alerts.open_alerts import acknowledge_button, alert_facts
from console.alerts.silences import silence_button
from console.app.navigation import model_button, page_link, run_button
from console.components.elements import Text, callout_html, join, note_html, write_html
from console.overview.query import Overview
from console.runs.resume import resume_button
from engine.documents.values import Document
from storage.db.ledger import LedgerRow


def show(view: Overview) -> None:
    """Shows a callout for each concern; not of a worker that a run waits for, which the frame of every page shows."""
    newest = {run.run_id: run for run in view.reading.runs.values()}
    for number, concern in enumerate(each for each in view.status["concerns"] if not each["waits"]):
        with st.container(key=f"concern-{number}"):
            write_html(callout_html(concern["level"], concern["title"], concern["reason"], after=_facts(concern, view)))
            with st.container(horizontal=True, vertical_alignment="center"):
                _buttons(concern, newest.pop(concern["run_id"], None))


def _facts(concern: Document, view: Overview) -> Text:
    alert = concern["alert"]
    if alert is None:
        return ""
    facts = join([*alert_facts(alert, view.reading.now), note_html(page_link("alerts", "All alerts"))], " ")
    return Markup('<p class="lw-pair">{}</p>').format(facts)


def _buttons(concern: Document, newest: LedgerRow | None) -> None:
    """Shows the buttons of a concern; of one about the `newest` run of a pipeline, also the one that resumes it."""
    rule, subject, alert = concern["rule"], concern["subject"], concern["alert"]
    if concern["run_id"]:
        run_button(concern["run_id"])
    if newest is not None:
        resume_button(newest)
    if concern["version"]:
        model_button(concern["version"])
    if rule and (alert is None or alert["state"] == "open"):
        acknowledge_button(f"acknowledge-{rule}/{subject}", f"{rule}/{subject}")
        silence_button(f"silence-{rule}/{subject}", rule, subject)
