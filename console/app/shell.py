"""What stands round every page: style sheet, navigation, what was just done, and a warning when nothing can run."""

from pathlib import Path

import streamlit as st

from console.access.sign_in import badge, is_let_in, sign_in_gate
from console.app import queries
from console.app.actions import show_flash
from console.app.deployment import ledger
from console.app.navigation import FOLLOWED_HERE
from console.components.elements import callout
from console.components.theme import SHEET, appearance
from storage.ledger.runs import recent_runs

LOOK_EVERY = "5s"
MARK, WORDMARK = (Path(__file__).parent / name for name in ("mark.svg", "wordmark.svg"))


def pages() -> list[st.Page]:
    """The pages in the order of the navigation; a run's own page is reached from the others.

    They have no icons: Streamlit would have the browser fetch the icon of the page in view from a public host.
    """
    return [
        st.Page("console/overview/overview.py", title="Overview", default=True),
        st.Page("console/runs/runs.py", title="Runs"),
        st.Page("console/run/run.py", title="Run", url_path="run", visibility="hidden"),
        st.Page("console/drift/drift.py", title="Drift"),
        st.Page("console/models/models.py", title="Models"),
        st.Page("console/data/data.py", title="Data"),
        st.Page("console/schedule/schedule.py", title="Schedule"),
        st.Page("console/audit/audit.py", title="Audit"),
    ]


def frame() -> None:
    """Everything of a page but its own content; the end of the script for whoever is not let in."""
    st.set_page_config(page_title="Loanwatch", page_icon=str(MARK), layout="wide")
    st.logo(str(WORDMARK), icon_image=str(MARK))
    # Dialogs stand outside of the part of the page that Streamlit itself declares light or dark.
    st.html(f"{SHEET}<style>body {{ color-scheme: {appearance()}; }}</style>")
    sign_in_gate()
    badge()
    with st.container(key="lw-links"):
        st.html(FOLLOWED_HERE, unsafe_allow_javascript=True)
    show_flash()
    _alarm()


@st.fragment(run_every=LOOK_EVERY)
def _alarm() -> None:
    """Says so when runs wait and no worker lives; takes the page away when its session has ended."""
    if not is_let_in():
        st.rerun()
    with ledger().reading() as connection:
        waiting = recent_runs(connection, 1, state="queued")
    if waiting and not queries.living("worker"):
        told = f"{waiting[0].run_id} waits, and no worker is alive. Start one: `python -m engine up`."
        callout("bad", "Nothing works on the waiting runs", told)
