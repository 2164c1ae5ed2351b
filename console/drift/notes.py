"""The notes of the Drift page: what people wrote about the period, and the form that writes one."""

from collections.abc import Callable
from datetime import date
from functools import partial

import streamlit as st
from markupsafe import Markup

from console.access.session import Person, person
from console.app import actions
from console.app.deployment import deployment
from console.app.dialogs import ONLY_OPERATORS
from console.components.elements import Text, note, note_html, write_html
from console.components.times import day
from console.drift.query import View
from engine.control.notes import MOST_WORDS, take_back, write_note
from engine.documents.values import Document

WORDS, ON = "drift-note-words", "drift-note-on"


def show_notes(view: View) -> None:
    """Shows the notes of the period behind a button, and the form for operators."""
    count = len(view.notes)
    label = "Notes" if not count else f"Notes ({count})"
    with st.popover(label, key="drift-notes"):
        if not count:
            note("No notes in this period. A note stands in the charts at its date, for everyone.")
        for each in view.notes:
            _show_note(each)
        _form(view)


def show_notes_of_day(view: View) -> None:
    """Shows the notes of the date in view."""
    for each in view.notes:
        if each["day"] == view.filters.day.isoformat():
            write_html(Markup('<p class="lw-note">Note on {}: {}</p>').format(each["on"], _words(each)))


def subjects(view: View) -> dict[str, tuple[str, str]]:
    """What a note can be written on, by its words: the date in view, its monitoring run, its decision, its training."""
    iso, run_id, decision = view.filters.day.isoformat(), view.monitoring_run.run_id, view.decision
    found = {day(view.filters.day): ("date", iso)}
    if run_id is not None:
        found["The monitoring run of this date"] = ("run", run_id)
    if decision is not None:
        found["The retraining decision of this date"] = ("decision", iso)
        if decision.requested_run_id:
            found["The training that it requested"] = ("run", decision.requested_run_id)
    return found


def _show_note(each: Document) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"drift-note-{each['id']}"):
        write_html(Markup("<div>{}: {}</div>").format(_when(each), _words(each)))
        if person().operates:
            st.button(
                "Remove",
                key=f"drift-note-remove-{each['id']}",
                type="tertiary",
                help=f"Remove note {each['id']}",
                on_click=_done,
                args=(partial(_remove, each["id"]),),
            )


def _when(each: Document) -> Text:
    at = day(date.fromisoformat(each["day"]))
    return at if each["kind"] == "date" else f"{at}, {each['on']}"


def _words(each: Document) -> Text:
    return Markup("{} {}").format(each["words"], note_html(f"({each['who']})"))


def _form(view: View) -> None:
    allowed, choices = person().operates, subjects(view)
    with st.form("drift-note", border=False, clear_on_submit=True):
        st.selectbox("Write a note on", list(choices), key=ON, disabled=not allowed)
        st.text_input("Note", key=WORDS, max_chars=MOST_WORDS, disabled=not allowed)
        st.form_submit_button(
            "Write note",
            disabled=not allowed,
            help=None if allowed else ONLY_OPERATORS,
            on_click=_done,
            args=(partial(_write, choices),),
        )


def _write(choices: dict[str, tuple[str, str]], who: Person) -> str:
    kind, subject = choices[st.session_state[ON]]
    write_note(deployment(), kind, subject, st.session_state[WORDS], by=who.name)
    return "The note is written. The charts show it at its date."


def _remove(note_id: int, who: Person) -> str:
    take_back(deployment(), note_id, by=who.name)
    return "The note is removed."


def _done(action: Callable[[Person], str]) -> None:
    if told := actions.attempted(action):
        actions.flash(told)
