"""The actions of the audit log as rows of a table and as CSV."""

import re
from datetime import datetime

import pandas as pd
from markupsafe import Markup

from console.app.deployment import ledger
from console.app.navigation import model_link, page_link, run_link
from console.components.csv_export import csv_bytes
from console.components.elements import Text, note_html
from console.components.times import time_html
from engine.documents.log.audit import changes_text
from storage.db.ledger import LedgerRow
from storage.ledger.audit import ActionFilter, action_page

MOST_EXPORTED = 10_000
RUN = re.compile(r"[a-z]+-\d{8}-\d{6}-[0-9a-f]+")
MODEL = re.compile(r"\d{8}_\d{6}(_\d+)?")


def cells(row: LedgerRow, now: datetime) -> tuple[Text, ...]:
    """An action as cells: when, who, action, subject, what changed, reason."""
    subject = subject_html(row.action, row.subject)
    action = Markup("<strong>{}</strong>").format(row.action)
    return time_html(row.at, now), row.who, action, subject, changes_text(row.changes), note_html(row.reason)


def exported(where: ActionFilter) -> bytes:
    """The newest actions that match as CSV, with times in UTC."""
    with ledger().reading() as connection:
        rows = action_page(connection, where, MOST_EXPORTED)
    names = ("at", "who", "action", "subject", "reason")
    frame = pd.DataFrame([{name: getattr(row, name) for name in names} for row in rows], columns=pd.Index(names))
    changed = [changes_text(row.changes) for row in rows]
    return csv_bytes(frame.assign(at=[f"{row.at:%Y-%m-%dT%H:%M:%SZ}" for row in rows], changes=changed))


def subject_html(action: str, subject: str) -> Text:
    """The subject of an action; a link when it has a page."""
    if RUN.fullmatch(subject):
        return run_link(subject)
    if MODEL.fullmatch(subject):
        return model_link(subject)
    if action in ("pause", "resume"):
        return page_link("schedule", subject)
    return subject
