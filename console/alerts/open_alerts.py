"""The alerts that have not ended: what is wrong, what to do, and the buttons that acknowledge and silence them."""

from datetime import datetime

import streamlit as st
from markupsafe import Markup

from console.alerts.silences import silence_button
from console.app import actions
from console.app.dialogs import closed, dialog_button
from console.app.navigation import run_link
from console.components.elements import (
    callout_html,
    empty,
    join,
    note_html,
    plain_markdown,
    state_html,
    write_html,
)
from console.components.times import ago_html, time_html
from engine.documents.values import Document

LONGEST = 500  # letters of a note


def open_alerts(document: Document, now: datetime) -> None:
    """Shows the alerts that have not ended, or that there are none."""
    rows = [each for each in document["alerts"] if each["state"] != "resolved"]
    st.header(plain_markdown("Open" if not rows else f"Open: {len(rows)}"), anchor=False)
    if not rows:
        empty(
            "Nothing is wrong",
            "An alert appears here when a run fails, crashes or is late, when the model crosses a threshold, when data "
            "is broken or stale, when a process is silent, or when a disk is nearly full.",
        )
    for alert in rows:
        with st.container(key=f"alert-{alert['id']}"):
            write_html(_callout(alert, now))
            if alert["state"] == "open":
                with st.container(horizontal=True):
                    dialog_button("Acknowledge", f"acknowledge-{alert['id']}", _acknowledge_dialog, alert)
                    silence_button(f"silence-{alert['id']}", alert["rule"], alert["subject"])


def _callout(alert: Document, now: datetime) -> Markup:
    quiet = alert["state"] == "acknowledged" or alert["silenced_until"]
    title = f"{alert['rule']}: {alert['subject']}"
    facts = Markup('<p class="lw-pair">{}</p>').format(join(_facts(alert, now), " "))
    return callout_html("warn" if quiet else "bad", title, alert["summary"], alert["advice"], after=facts)


def _facts(alert: Document, now: datetime) -> list[Markup]:
    first = datetime.fromisoformat(alert["first_seen"])
    facts = [
        state_html(alert["state"]),
        note_html(Markup("since {}, {}").format(time_html(first, now), ago_html(first, now))),
    ]
    if alert["count"] > 1:
        facts.append(note_html(f"{alert['count']} times"))
    if alert["acknowledged_by"]:
        said = f"by {alert['acknowledged_by']}" + (f": {alert['note']}" if alert["note"] else "")
        facts.append(Markup("<span>{}</span>").format(said))
    elif alert["silenced_until"]:
        until = datetime.fromisoformat(alert["silenced_until"])
        facts.append(note_html(Markup("silenced until {}").format(time_html(until, now))))
    elif alert["told_at"]:
        facts.append(note_html(Markup("last told {}").format(time_html(datetime.fromisoformat(alert["told_at"]), now))))
    else:
        facts.append(note_html("nobody was told"))
    if alert["run_id"]:
        facts.append(run_link(alert["run_id"]))
    return facts


def _acknowledge_dialog(place: str, alert: Document) -> None:
    st.write("An acknowledged alert is not told again. It ends by itself when its cause is over.")
    with st.form(f"{place}-form", border=False):
        note = st.text_area("Note", key=f"{place}-note", max_chars=LONGEST, placeholder="What is done about it")
        sent = st.form_submit_button("Acknowledge", type="primary")
    if sent and actions.attempted(lambda by: actions.acknowledge(by, alert["id"], note)):
        actions.flash(f"Alert {alert['id']} is acknowledged.")
        closed()
        st.rerun()
