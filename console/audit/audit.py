"""The Audit page: the actions of users and of the retraining rule, with time, object, changes and reason."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from console.app.deployment import deployment, ledger
from console.audit.rows import MOST_EXPORTED, cells, exported
from console.components.elements import count, empty
from console.components.table import chosen_page, columns, table
from console.components.times import viewer_zone
from engine.documents.log.audit import times_of
from storage.ledger.audit import ActionFilter, action_count, action_page, people_and_kinds

PAGE = 50
COLUMNS = columns("When", "Who", "Action", "Object", "Changes", "Reason")
EVERYBODY, EVERYTHING = "everybody", "everything"


def audit() -> None:
    """The page."""
    st.title("Audit")
    with ledger().reading() as connection:
        people, kinds = people_and_kinds(connection)
    if not people:
        empty(
            "No actions yet",
            "This page lists what users do in the console and on the command line: requested, resumed and cancelled "
            "runs with their parameters, pauses, promotions, rollbacks and passwords. It also lists what the "
            "retraining rule and the promotion test do on their own.",
            "Start a training with `python -m engine run training`: it is listed here.",
        )
        return
    where = _chosen(people, kinds)
    with ledger().reading() as connection:
        total = action_count(connection, where)
    if not total:
        empty("No actions match", "Choose another user, action or period, or another part of an object.")
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
    """The chosen filters, which are in the address. Days are those of the viewer's time zone."""
    with st.container(horizontal=True, key="audit-filters"):
        who = st.selectbox("Who", [EVERYBODY, *people], key="who-did", bind="query-params", width=190)
        action = st.selectbox("Action", [EVERYTHING, *kinds], key="action", bind="query-params", width=190)
        about = st.text_input(
            "Object",
            key="object",
            bind="query-params",
            width=230,
            placeholder="A run, model or pipeline",
            help="A part of the run ID, model version, pipeline or other object of the action",
        )
        since, until = times_of(_day("From", "from"), _day("Until", "until"), viewer_zone())
    return ActionFilter(
        who=None if who == EVERYBODY else who,
        action=None if action == EVERYTHING else action,
        about=(about or "").strip() or None,
        since=since,
        until=until,
    )


def _day(label: str, key: str) -> date | None:
    return st.date_input(label, None, format="YYYY-MM-DD", key=key, bind="query-params", width=140)


audit()
