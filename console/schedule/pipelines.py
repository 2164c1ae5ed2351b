"""The schedule of each pipeline: its times, next run and pause, and the buttons that pause and resume it."""

from datetime import date, datetime, timedelta

import streamlit as st
from markupsafe import Markup

from console.access.session import Person, person
from console.app import actions, queries
from console.app.deployment import deployment
from console.app.dialogs import ONLY_OPERATORS, closed, dialog_button
from console.app.refresh import refreshed
from console.components.elements import code_html, join, note_html, plain_markdown, state_html, write_html
from console.components.times import ago, local, time_html
from engine.documents.values import Document
from engine.errors import UnusableRequest
from storage.settings import Settings

REFRESH = "20s"
MINUTE = timedelta(minutes=1)

PIPELINES_SHEET = Markup("""<style>
.lw-pipeline { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; align-items: baseline; }
.lw-pipeline strong { min-width: 6rem; }
</style>""")


def pipeline_line(document: Document) -> None:
    """A pipeline's line: its next run, its pause with reason, and the button that pauses or resumes it."""
    name = document["pipeline"]
    with st.container(horizontal=True, vertical_alignment="center", key=f"pipeline-line-{name}"):
        with st.container():
            _line(name)
        if document["timing"] == "off":
            return
        if document["paused"]:
            allowed = person().operates
            st.button(
                "Resume schedule",
                key=f"resume-{name}",
                on_click=_resume,
                args=(name,),
                disabled=not allowed,
                help=None if allowed else ONLY_OPERATORS,
            )
        else:
            dialog_button("Pause schedule", f"pause-{name}", _pause_dialog, name)


@refreshed(REFRESH)
def _line(name: str) -> None:
    document = next(each for each in queries.schedules() if each["pipeline"] == name)
    parts = join(_parts(document, deployment().ledger.clock()))
    write_html(Markup('<div class="lw-pipeline"><strong>{}</strong>{}</div>').format(name, parts))


def _parts(document: Document, now: datetime) -> list[Markup]:
    timing = Markup("<span>{}</span>").format(document["timing"].capitalize())
    if document["timing"] == "off":
        return [timing, note_html(_advice(document["pipeline"]))]
    if document["paused"]:
        until = document["paused_until"]
        end = f"until {local(datetime.fromisoformat(until)):%Y-%m-%d %H:%M %Z}" if until else ""
        return [timing, state_html("paused"), Markup("<span>{}</span>").format(document["paused"]), note_html(end)]
    if not document["coming"]:
        return [timing]
    due = datetime.fromisoformat(document["coming"][0])
    # To the minute, because the line is refreshed every 20 seconds only.
    words = ago(due, due - timedelta(minutes=max((due - now) // MINUTE, 1)))
    return [timing, Markup("<span>next {}</span>").format(time_html(due, now, words)), note_html(document["next"])]


def _advice(name: str) -> Markup:
    """How a pipeline gets a schedule: by its setting, or in the book where there is none."""
    if f"schedule_{name}" in Settings.model_fields:
        return Markup("not scheduled; set {} to schedule it").format(code_html(f"LOANWATCH_SCHEDULE_{name.upper()}"))
    return Markup("not scheduled; declare {} in the book to schedule it").format(code_html("schedule=..."))


def _pause_dialog(place: str, name: str) -> None:
    st.write(
        plain_markdown(
            f"While the schedule of {name} is paused, no run of it is requested. Each time is recorded as paused."
        )
    )
    with st.form(f"{place}-form", border=False):
        reason = st.text_area("Reason", key=f"{place}-reason", max_chars=500, placeholder="Shown on the Audit page")
        tomorrow = deployment().today() + timedelta(days=1)
        until = st.date_input(
            "Until (optional)",
            value=None,
            min_value=tomorrow,
            key=f"{place}-until",
            format="YYYY-MM-DD",
            help="The pause ends by itself when this day begins. Without a day, a person resumes the schedule.",
        )
        sent = st.form_submit_button("Pause schedule", type="primary")
    if sent and actions.attempted(lambda by: _paused(by, name, reason, until)):
        actions.flash(f"The schedule of {name} is paused.")
        closed()
        st.rerun()


def _paused(by: Person, name: str, reason: str, until: date | None) -> str:
    if not reason.strip():
        raise UnusableRequest("The reason is missing. Enter the reason for the pause.")
    return actions.pause(by, name, reason.strip(), until)


def _resume(name: str) -> None:
    if actions.attempted(lambda by: actions.unpause(by, name)):
        actions.flash(f"The schedule of {name} is resumed.")
