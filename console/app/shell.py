"""The frame of every page: style sheet, navigation, message of the last action, alert when no worker is running."""

from pathlib import Path

import streamlit as st
from markupsafe import Markup

from console.access.sign_in import badge, is_admitted, sign_in_gate
from console.app import dialogs, queries
from console.app.actions import show_flash
from console.app.deployment import deployment, ledger
from console.app.navigation import PAGE_SCRIPT, opens_run
from console.app.refresh import refreshed
from console.app.workers import no_worker
from console.components.ageing import AGEING
from console.components.chart_panel import UNNAMED_MARKS
from console.components.elements import callout, write_html
from console.components.keyboard import POPOVER_FOCUS
from console.components.style_sheet import SHEET
from console.components.theme import appearance
from jobs.errors import BookRejected
from storage.errors import LoanwatchError, StorageError
from storage.ledger.runs import recent_runs

REFRESH = "5s"
MARK, WORDMARK = (Path(__file__).parent / name for name in ("mark.svg", "wordmark.svg"))


def pages() -> list[st.Page]:
    """The pages in the order of the navigation. The page of a run is hidden there; other pages link to it.

    They have no icons, because Streamlit lets the browser load the icon of a page from a public host.
    """
    return [
        st.Page("console/overview/overview.py", title="Overview", default=True),
        st.Page("console/runs/runs.py", title="Runs"),
        st.Page("console/run/run.py", title="Run", url_path="run", visibility="hidden"),
        st.Page("console/drift/drift.py", title="Drift"),
        st.Page("console/models/models.py", title="Models"),
        st.Page("console/data/data.py", title="Data"),
        st.Page("console/schedule/schedule.py", title="Schedule"),
        st.Page("console/decisions/decisions.py", title="Decisions"),
        st.Page("console/alerts/alerts.py", title="Alerts"),
        st.Page("console/audit/audit.py", title="Audit"),
    ]


def frame() -> None:
    """Draws the parts that all pages share. Ends the script for a session that is not admitted."""
    dialogs.begin()
    st.set_page_config(page_title="Loanwatch", page_icon=str(MARK), layout="wide")
    st.logo(str(WORDMARK), icon_image=str(MARK))
    # Streamlit sets the colour scheme of the page only, and dialogs are outside of it.
    scheme = Markup("<style>body {{ color-scheme: {}; }}</style>").format(appearance())
    write_html(SHEET + scheme)
    sign_in_gate()
    badge()
    with st.container(key="lw-links"):
        write_html(PAGE_SCRIPT + AGEING + UNNAMED_MARKS + POPOVER_FOCUS, scripts=True)
    if not opens_run():  # otherwise the message is shown on the page that is opened
        show_flash()
    _check_book()
    _alert()


def _check_book() -> None:
    """Shows why the book can't be used, and ends the script: no page works without it.

    Raises StorageError when the reason is the ledger, which every page says in its own place until it can be used.
    """
    try:
        _ = deployment().pipelines
    except StorageError:
        raise
    except LoanwatchError as error:
        found = error.findings if isinstance(error, BookRejected) else (str(error),)
        callout("bad", "The book can't be used", *found)
        st.stop()


@refreshed(REFRESH)
def _alert() -> None:
    """Shows an alert when a run waits and no worker is running. Reruns the script when the session has ended."""
    if not is_admitted():
        st.rerun()
    with ledger().reading() as connection:
        waiting = recent_runs(connection, 1, state="queued")
    if waiting and not queries.alive("worker"):
        no_worker("bad", f"{waiting[0].run_id} is waiting.")
