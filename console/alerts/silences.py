"""The silences: rules that are not told until a time, and the buttons that begin and end them."""

from datetime import date, datetime, time, timedelta

import streamlit as st
from markupsafe import Markup

from console.access.session import Person, person
from console.app import actions
from console.app.deployment import deployment, ledger
from console.app.dialogs import ONLY_OPERATORS, closed, dialog_button
from console.components.elements import Text, join, note_html, write_html
from console.components.times import time_html
from engine.alerts.actions import subjects
from engine.alerts.rules import RULES
from engine.documents.values import Document
from engine.errors import UnusableRequest

LONGEST = 500  # letters of a reason
EVERY = "every subject"
TIME = time()


def silences(document: Document, now: datetime) -> None:
    """Shows the silences, each with a button that ends it, and the button for a new one."""
    st.header("Silences", anchor=False)
    if not document["silences"]:
        write_html(note_html("No rule is silenced."))
    for number, each in enumerate(document["silences"]):
        with st.container(horizontal=True, vertical_alignment="center", key=f"silence-line-{number}"):
            write_html(_line(each, now))
            allowed = person().operates
            st.button(
                "End silence",
                key=f"unsilence-{each['rule']}-{each['subject']}",
                on_click=_unsilence,
                args=(each["rule"], each["subject"]),
                disabled=not allowed,
                help=None if allowed else ONLY_OPERATORS,
            )
    silence_button("silence-new", None, None)


def silence_button(place: str, rule: str | None, subject: str | None) -> None:
    """A button whose dialog silences a rule and subject, which are chosen there when they are None."""
    dialog_button("Silence" if rule else "Silence a rule", place, _dialog, rule, subject)


def _line(silence: Document, now: datetime) -> Markup:
    until = time_html(datetime.fromisoformat(silence["until"]), now)
    parts: list[Text] = [
        Markup("<strong>{}</strong>").format(silence["rule"]),
        Markup("<span>{}</span>").format(silence["subject"] or EVERY),
        note_html(Markup("until {}").format(until)),
        Markup("<span>{}</span>").format(f"by {silence['who']}: {silence['reason']}"),
    ]
    return Markup('<div class="lw-pair">{}</div>').format(join(parts, " "))


def _dialog(place: str, rule: str | None, subject: str | None) -> None:
    st.write("What is silenced is listed on this page, and nobody is told.")
    tomorrow = deployment().today() + timedelta(days=1)
    if rule is None:
        rule = st.selectbox("Rule", list(RULES), key=f"{place}-rule")
        with ledger().reading() as connection:
            known = subjects(connection, deployment(), rule)
        chosen = st.selectbox("Subject", [EVERY, *known], key=f"{place}-subject-{rule}")
        subject = None if chosen == EVERY else chosen
    with st.form(f"{place}-form", border=False):
        day = st.date_input(
            "Until the beginning of", tomorrow, min_value=tomorrow, key=f"{place}-day", format="YYYY-MM-DD"
        )
        reason = st.text_area("Reason", key=f"{place}-reason", max_chars=LONGEST, placeholder="Shown on the Audit page")
        sent = st.form_submit_button("Silence", type="primary")
    if sent and actions.attempted(lambda by: _silenced(by, (rule, subject), day, reason)):
        actions.flash(f"{rule} is silenced.")
        closed()
        st.rerun()


def _silenced(by: Person, what: tuple[str, str | None], day: date | None, reason: str) -> str:
    if day is None:
        raise UnusableRequest("The date is missing. Choose the day on which it is told again.")
    return actions.silence(by, *what, datetime.combine(day, TIME, deployment().settings.zone), reason)


def _unsilence(rule: str, subject: str | None) -> None:
    if actions.attempted(lambda by: actions.unsilence(by, rule, subject)):
        actions.flash(f"{rule} is told again.")
