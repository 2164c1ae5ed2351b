"""The Audit page: the actions of users, with time, subject and reason."""

from collections.abc import Sequence

import streamlit as st

from console.app.deployment import deployment, ledger
from console.audit.rows import MOST_EXPORTED, cells, exported
from console.components.elements import count, empty
from console.components.table import chosen_page, columns, table
from storage.ledger.audit import ActionFilter, action_count, action_page, people_and_kinds

PAGE = 50
COLUMNS = columns("When", "Who", "Action", "Subject", "Reason")
EVERYBODY, EVERYTHING = "everybody", "everything"


def audit() -> None:
    """The page."""
    st.title("Audit")
    with ledger().reading() as connection:
        people, kinds = people_and_kinds(connection)
    if not people:
        empty(
            "No actions yet",
            "This page lists the actions of users in the console and on the command line: requested, resumed and "
            "cancelled runs, pauses, promotions, rollbacks and passwords.",
        )
        return
    where = _chosen(people, kinds)
    with ledger().reading() as connection:
        total = action_count(connection, where)
    if not total:
        empty("No actions match", "Choose another user or another action.")
        return
    place = st.container()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        page = chosen_page(total, PAGE)
        st.download_button(
            f"Download {count(min(total, MOST_EXPORTED))} as CSV",
            lambda: exported(where),
            file_name="loanwatch-audit.csv",
            mime="text/csv",
            on_click="ignore",
            key="download",
        )
    with ledger().reading() as connection:
        rows = action_page(connection, where, PAGE, (page - 1) * PAGE)
    now = deployment().ledger.clock()
    with place:
        table("Actions, newest first", COLUMNS, [cells(row, now) for row in rows], stacked=True)


def _chosen(people: Sequence[str], kinds: Sequence[str]) -> ActionFilter:
    with st.container(horizontal=True):
        who = st.selectbox("Who", [EVERYBODY, *people], key="who-did", bind="query-params", width=240)
        action = st.selectbox("Action", [EVERYTHING, *kinds], key="action", bind="query-params", width=240)
    return ActionFilter(None if who == EVERYBODY else who, None if action == EVERYTHING else action)


audit()
