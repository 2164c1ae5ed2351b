"""The actions of the audit log as lines of a page and as CSV."""

import re
from datetime import datetime
from html import escape

import pandas as pd

from console.app.deployment import ledger
from console.components.csv_export import csv_bytes
from console.components.event_list import model_link, note_html, run_link
from console.components.times import time_html
from storage.db.ledger import LedgerRow
from storage.ledger.audit import ActionFilter, action_page

MOST_EXPORTED = 10_000
RUN = re.compile(r"[a-z]+-\d{8}-\d{6}-[0-9a-f]+")
MODEL = re.compile(r"\d{8}_\d{6}(_\d+)?")


def line(row: LedgerRow, now: datetime) -> tuple[str, ...]:
    """An action as cells of HTML: when, who, what, to what, why."""
    subject = subject_html(row.action, row.subject)
    action = f"<strong>{escape(row.action)}</strong>"
    return time_html(row.at, now), escape(row.who), action, subject, note_html(row.reason)


def exported(wanted: ActionFilter) -> bytes:
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
        return f'<a href="/schedule">{escape(subject)}</a>'
    return escape(subject)
