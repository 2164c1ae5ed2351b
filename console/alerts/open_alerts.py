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
            "No open alerts",
            "An alert appears here when a run fails, crashes or is late, when the model crosses a threshold, when data "
            "is broken or stale, when a process is silent, or when a disk is nearly full.",
        )
    for alert in rows:
        with st.container(key=f"alert-{alert['id']}"):
            write_html(_callout(alert, now))
            if alert["state"] == "open":
                with st.container(horizontal=True):
                    acknowledge_button(f"acknowledge-{alert['id']}", str(alert["id"]))
                    silence_button(f"silence-{alert['id']}", alert["rule"], alert["subject"])


def _callout(alert: Document, now: datetime) -> Markup:
    quiet = alert["state"] == "acknowledged" or alert["silenced_until"]
    title = f"{alert['rule']}: {alert['subject']}"
    facts = join([*alert_facts(alert, now), run_link(alert["run_id"])], " ")
    after = Markup('<p class="lw-pair">{}</p>').format(facts)
    return callout_html("warn" if quiet else "bad", title, alert["summary"], alert["advice"], after=after)


def acknowledge_button(place: str, named: str) -> None:
    """A button whose dialog acknowledges an alert: of an id, or of RULE/SUBJECT."""
    dialog_button("Acknowledge", place, _acknowledge_dialog, named)


def alert_facts(alert: Document, now: datetime) -> list[Markup]:
    """The state of an alert, since when, how often, and who takes care of it, or was told."""
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
    return facts


def _acknowledge_dialog(place: str, named: str) -> None:
    st.write("An acknowledged alert is not told again. It ends by itself when its cause is over.")
    with st.form(f"{place}-form", border=False):
        note = st.text_area("Note", key=f"{place}-note", max_chars=LONGEST, placeholder="What is done about it")
        sent = st.form_submit_button("Acknowledge", type="primary")
    if sent and actions.attempted(lambda by: actions.acknowledge(by, named, note)):
        actions.flash(f"Alert {named} is acknowledged.")
        closed()
        st.rerun()
