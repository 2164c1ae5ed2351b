"""The messages about alerts: what was sent by which channel, what failed, and the button that sends it again."""

from datetime import datetime

import streamlit as st
from markupsafe import Markup

from console.access.session import person
from console.app import actions
from console.app.dialogs import ONLY_OPERATORS
from console.components.elements import Text, callout, empty, join, note_html, state_html
from console.components.table import columns, table
from console.components.times import time_html
from engine.documents.values import Document

COLUMNS = columns("When", "Channel", "State", "Details")
NO_CHANNEL = (
    "Alerts are listed here, and nobody is told. Set `LOANWATCH_ALERT_COMMAND`, `LOANWATCH_ALERT_WEBHOOK` or "
    "`LOANWATCH_ALERT_SMTP` (with `LOANWATCH_ALERT_SMTP_FROM` and `LOANWATCH_ALERT_SMTP_TO`) for every process, "
    "restart them, and check it with `python -m engine alerts test`."
)


def channels_note(document: Document) -> None:
    """Shows that no channel is set, and what to set."""
    if not document["channels"]:
        callout("warn", "No channel for alerts is set", NO_CHANNEL)


def messages(document: Document, now: datetime) -> None:
    """Shows the newest messages, those that failed first."""
    st.header("Messages", anchor=False)
    if document["failed"]:
        _failed(document["failed"])
    shown = {each["id"]: each for each in (*document["failed"], *document["messages"])}
    if not shown:
        empty("No messages yet", "Each alert becomes a message for each channel. This table tells what became of it.")
        return
    table("The newest messages", COLUMNS, [_cells(each, now) for each in shown.values()], stacked=True)


def _failed(rows: list[Document]) -> None:
    told = "1 message could not be delivered" if len(rows) == 1 else f"{len(rows)} messages could not be delivered"
    callout("bad", told, f"The last error: {rows[0]['error']}. Correct the channel, then send them again.")
    allowed = person().operates
    st.button(
        "Send failed messages again",
        key="retry-alerts",
        on_click=_retry,
        disabled=not allowed,
        help=None if allowed else ONLY_OPERATORS,
    )


def _cells(message: Document, now: datetime) -> tuple[Text, ...]:
    parts: list[Text] = [message["title"] or ""]
    if message["attempts"] > 1:
        parts.append(note_html(f"{message['attempts']} attempts"))
    if message["repeated"]:
        parts.append(note_html("may have been sent before"))
    if message["error"]:
        parts.append(note_html(message["error"]))
    if message["next_at"]:
        again = time_html(datetime.fromisoformat(message["next_at"]), now)
        parts.append(note_html(Markup("next attempt {}").format(again)))
    when = datetime.fromisoformat(message["sent_at"] or message["created_at"])
    return time_html(when, now), message["channel"], state_html(message["state"]), join(parts, ", ")


def _retry() -> None:
    if told := actions.attempted(actions.retry_alerts):
        actions.flash(told)
