"""The newest alerts that have ended."""

from datetime import datetime

import streamlit as st
from markupsafe import Markup

from console.app.navigation import run_link
from console.components.elements import Text, join, note_html
from console.components.table import columns, table
from console.components.times import time_html
from engine.documents.values import Document

COLUMNS = columns("Ended", "Rule", "Subject", "Details")
MOST = 20


def resolved(document: Document, now: datetime) -> None:
    """Shows the alerts that ended last, if there are any."""
    rows = [each for each in document["alerts"] if each["state"] == "resolved"][:MOST]
    if rows:
        st.header("Ended", anchor=False)
        table("The newest alerts that have ended", COLUMNS, [_cells(each, now) for each in rows], stacked=True)


def _cells(alert: Document, now: datetime) -> tuple[Text, ...]:
    ended = time_html(datetime.fromisoformat(alert["resolved_at"]), now)
    first = Markup("since {}").format(time_html(datetime.fromisoformat(alert["first_seen"]), now))
    details = join([alert["summary"], note_html(first), run_link(alert["run_id"])], " ")
    return ended, alert["rule"], alert["subject"], details
