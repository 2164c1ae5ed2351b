"""The frame of every page: style sheet, navigation, the last action's message, an alert when no worker is running."""

from pathlib import Path

import streamlit as st
from markupsafe import Markup

from console.access.sign_in import badge, is_admitted, sign_in_gate
from console.app import queries
from console.app.actions import show_flash
from console.app.deployment import ledger
from console.app.navigation import FOLLOW_LINKS, opens_run
from console.app.workers import no_worker
from console.components.elements import write_html
from console.components.style_sheet import SHEET
from console.components.theme import appearance
from storage.ledger.runs import recent_runs

REFRESH = "5s"
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
    """Draws everything of a page but its own content; ends the script for a session that is not admitted."""
    st.set_page_config(page_title="Loanwatch", page_icon=str(MARK), layout="wide")
    st.logo(str(WORDMARK), icon_image=str(MARK))
    # Dialogs stand outside of the part of the page that Streamlit itself declares light or dark.
    scheme = Markup("<style>body {{ color-scheme: {}; }}</style>").format(appearance())
    write_html(SHEET + scheme)
    sign_in_gate()
    badge()
    with st.container(key="lw-links"):
        write_html(FOLLOW_LINKS, scripts=True)
    if not opens_run():  # else the message belongs on the page that is opened
        show_flash()
    _alert()


@st.fragment(run_every=REFRESH)
def _alert() -> None:
    """Alerts when a run waits and no worker is running; removes the page when the session has ended."""
    if not is_admitted():
        st.rerun()
    with ledger().reading() as connection:
        waiting = recent_runs(connection, 1, state="queued")
    if waiting and not queries.alive("worker"):
        no_worker("bad", f"{waiting[0].run_id} is waiting.")
