"""The Alerts page: the alerts with what to do, the messages about them, and the silences."""

import streamlit as st

from console.alerts.messages import channels_note, messages
from console.alerts.open_alerts import open_alerts
from console.alerts.resolved import resolved
from console.alerts.silences import silences
from console.app import queries
from console.app.deployment import deployment
from console.app.refresh import refreshed
from console.components.elements import callout
from engine.alerts.documents import alerts_document
from engine.documents.values import Document

REFRESH = "5s"
SHOWN = 100  # alerts


def alerts() -> None:
    """The page."""
    st.title("Alerts")
    document = _document()
    _renewed(_mark(document))
    now = deployment().ledger.clock()
    channels_note(document)
    _watchers()
    open_alerts(document, now)
    messages(document, now)
    silences(document, now)
    resolved(document, now)


def _document() -> Document:
    return alerts_document(deployment(), SHOWN)


def _mark(document: Document) -> str:
    """What changes when the page has to be drawn again."""
    rows = [(each["id"], each["state"], each["count"]) for each in document["alerts"]]
    told = [(each["id"], each["state"], each["attempts"]) for each in document["messages"]]
    return str((rows, told, document["silences"]))


@refreshed(REFRESH)
def _renewed(mark: str) -> None:
    """Draws the page again when there is something new. Its buttons have dialogs, which a refresh would close."""
    if _mark(_document()) != mark:
        st.rerun()


@refreshed(REFRESH)
def _watchers() -> None:
    """Shows a callout while no process looks for alerts."""
    if not (queries.alive("worker") or queries.alive("scheduler")):
        callout(
            "warn",
            "No process looks for alerts",
            "The worker and the scheduler look for them and send the messages. Start both with `python -m engine up`.",
        )


alerts()
