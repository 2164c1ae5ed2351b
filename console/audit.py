"""The Audit page: who did what, when, to what, and why."""

import re
from collections.abc import Sequence
from html import escape

import pandas as pd
import streamlit as st

from console.elements import count, empty
from console.exports import csv_bytes
from console.lines import LINES_SHEET, chosen_page, lines, model_link, note_html, run_link
from console.moments import time_html
from console.opened import deployment, ledger
from storage.audit import Wanted, action_count, action_page, people_and_kinds
from storage.ledger import Record

PAGE = 50
MOST_EXPORTED = 10_000
COLUMNS = "8rem 12rem 7rem 17rem 1fr"
EVERYBODY, EVERYTHING = "everybody", "everything"
RUN = re.compile(r"[a-z]+-\d{8}-\d{6}-[0-9a-f]+")
MODEL = re.compile(r"\d{8}_\d{6}(_\d+)?")


def audit() -> None:
    """The page."""
    st.html(LINES_SHEET)
    st.title("Audit")
    with ledger().reading() as connection:
        people, kinds = people_and_kinds(connection)
    if not people:
        empty(
            "Nobody has done anything yet",
            "What people do is written here, whether from the console or the command line: runs that they ask for, "
            "resume or cancel, pauses, promotions, roll-backs, passwords.",
        )
        return
    wanted = _wanted(people, kinds)
    with ledger().reading() as connection:
        total = action_count(connection, wanted)
    if not total:
        empty("Nothing of that kind", "Whoever is chosen above has not done what is chosen beside.")
        return
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        page = chosen_page(total, PAGE)
        st.download_button(
            f"Download {count(min(total, MOST_EXPORTED))} as CSV",
            lambda: exported(wanted),
            file_name="loanwatch-audit.csv",
            mime="text/csv",
            on_click="ignore",
            key="download",
        )
    with ledger().reading() as connection:
        rows = action_page(connection, wanted, PAGE, (page - 1) * PAGE)
    now = deployment().ledger.clock()
    with place:
        lines("Actions, newest first", COLUMNS, [_line(row, time_html(row.at, now)) for row in rows])


def exported(wanted: Wanted) -> bytes:
    """The newest of the wanted actions as CSV, moments in UTC."""
    with ledger().reading() as connection:
        rows = action_page(connection, wanted, MOST_EXPORTED)
    names = ("at", "who", "action", "subject", "reason")
    frame = pd.DataFrame([{name: getattr(row, name) for name in names} for row in rows], columns=pd.Index(names))
    return csv_bytes(frame.assign(at=[f"{row.at:%Y-%m-%dT%H:%M:%SZ}" for row in rows]))


def subject_html(action: str, subject: str) -> str:
    """What was acted upon, as a link where it has a page."""
    if RUN.fullmatch(subject):
        return run_link(subject)
    if MODEL.fullmatch(subject):
        return model_link(subject)
    if action in ("pause", "resume"):
        return f'<a href="/schedule" target="_self">{escape(subject)}</a>'
    return escape(subject)


def _wanted(people: Sequence[str], kinds: Sequence[str]) -> Wanted:
    with st.container(horizontal=True):
        who = st.selectbox("Who", [EVERYBODY, *people], key="who-did", bind="query-params", width=240)
        action = st.selectbox("Action", [EVERYTHING, *kinds], key="action", bind="query-params", width=240)
    return Wanted(None if who == EVERYBODY else who, None if action == EVERYTHING else action)


def _line(row: Record, at: str) -> tuple[str, ...]:
    subject = subject_html(row.action, row.subject)
    return at, escape(row.who), f"<strong>{escape(row.action)}</strong>", subject, note_html(row.reason)


audit()
