"""Each pipeline's timing and next slot, its pause, and the buttons that pause it and let it go on."""

from datetime import datetime, timedelta
from html import escape

import streamlit as st

from console.access.session import Person, person
from console.app import actions, queries
from console.app.deployment import deployment
from console.app.dialogs import ONLY_OPERATORS, closed, dialog_button
from console.components.elements import state_html
from console.components.times import ago, time_html
from engine.documents.values import Document
from engine.errors import UnusableRequest

LOOK_EVERY = "20s"
MINUTE = timedelta(minutes=1)

PLANS_SHEET = """<style>
.lw-plan { display: flex; flex-wrap: wrap; gap: 0.1rem 1.2rem; align-items: baseline; }
.lw-plan strong { min-width: 6rem; }
</style>"""


def plan(found: Document) -> None:
    """A pipeline's line: when it is due, whether it is paused and why, and what can be done about that."""
    name = found["pipeline"]
    with st.container(horizontal=True, vertical_alignment="center", key=f"plan-{name}"):
        with st.container():
            _line(name)
        if found["timing"] == "off":
            return
        if found["paused"]:
            allowed = person().operates
            st.button(
                "Let it go on",
                key=f"go-on-{name}",
                on_click=_let_go_on,
                args=(name,),
                disabled=not allowed,
                help=None if allowed else ONLY_OPERATORS,
            )
        else:
            dialog_button("Pause", f"pause-{name}", _pause_dialog, name)


@st.fragment(run_every=LOOK_EVERY)
def _line(name: str) -> None:
    found = next(each for each in queries.schedules() if each["pipeline"] == name)
    told = _told(found, deployment().ledger.clock())
    st.html(f'<div class="lw-plan"><strong>{escape(name)}</strong>{told}</div>')


def _told(found: Document, now: datetime) -> str:
    timing = f"<span>{escape(found['timing'])}</span>"
    if found["timing"] == "off":
        setting = f"LOANWATCH_SCHEDULE_{found['pipeline'].upper()}"
        return f'{timing}<span class="lw-note">no slots; <code>{setting}</code> gives it some</span>'
    if found["paused"]:
        return f"{timing}{state_html('paused')}<span>{escape(found['paused'])}</span>"
    if not found["coming"]:
        return timing
    due = datetime.fromisoformat(found["coming"][0])
    # To the minute: a second would be wrong before it is read.
    words = ago(due, due - timedelta(minutes=max((due - now) // MINUTE, 1)))
    return f"{timing}<span>next {time_html(due, now, words)}</span>{_note(found['next'])}"


def _note(text: str) -> str:
    return f'<span class="lw-note">{escape(text)}</span>'


def _pause_dialog(place: str, name: str) -> None:
    st.markdown(
        f"While the schedule of **{name}** is paused, its slots are recorded as paused and nothing is requested."
    )
    with st.form(f"{place}-form", border=False):
        reason = st.text_area("Why?", key=f"{place}-reason", max_chars=500, placeholder="It is kept, and shown to all.")
        sent = st.form_submit_button("Pause", type="primary")
    if sent and actions.attempted(lambda by: _paused(by, name, reason)):
        actions.flash(f"The schedule of {name} is paused.")
        closed()
        st.rerun()


def _paused(by: Person, name: str, reason: str) -> str:
    if not reason.strip():
        raise UnusableRequest("Say why; the reason is kept and shown.")
    return actions.pause(by, name, reason.strip())


def _let_go_on(name: str) -> None:
    if actions.attempted(lambda by: actions.unpause(by, name)):
        actions.flash(f"The schedule of {name} goes on.")
