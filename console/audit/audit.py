"""The Audit page: who did what, when, to what, and why."""

from collections.abc import Sequence

import streamlit as st

from console.app.deployment import deployment, ledger
from console.audit.rows import MOST_EXPORTED, exported, line
from console.components.elements import count, empty
from console.components.event_list import LINES_SHEET, chosen_page, lines
from storage.ledger.audit import ActionFilter, action_count, action_page, people_and_kinds

PAGE = 50
COLUMNS = "8rem 12rem 7rem 17rem 1fr"
EVERYBODY, EVERYTHING = "everybody", "everything"


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
        lines("Actions, newest first", COLUMNS, [line(row, now) for row in rows])


def _wanted(people: Sequence[str], kinds: Sequence[str]) -> ActionFilter:
    with st.container(horizontal=True):
        who = st.selectbox("Who", [EVERYBODY, *people], key="who-did", bind="query-params", width=240)
        action = st.selectbox("Action", [EVERYTHING, *kinds], key="action", bind="query-params", width=240)
    return ActionFilter(None if who == EVERYBODY else who, None if action == EVERYTHING else action)


audit()
