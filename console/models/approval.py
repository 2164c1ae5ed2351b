"""Approval by a second person: what waits, and the dialogs that approve or reject it."""

import streamlit as st

from console.access.session import person
from console.app.actions import approve, reject
from console.app.deployment import ledger
from console.app.dialogs import dialog_button
from console.components.elements import callout, join, note, plain_markdown, write_html
from console.components.times import time_html
from console.models.promotion import ask_reason, refuse_changed, show_change
from storage.ledger.approvals import Approval
from storage.ledger.models import ModelVersion

OWN = "You requested this approval. Another person has to approve it."
STATES = {"waiting": "requested", "superseded": "requested", "approved": "approved", "rejected": "rejected"}


def show_waiting(waiting: list[Approval], champions: list[ModelVersion]) -> None:
    """Shows a callout for each request that waits for a decision."""
    against = champions[0].version if champions else "no model"
    for approval in waiting:
        title = f"{approval.version} waits for approval"
        callout("warn", title, f"Requested by {approval.who}, to replace {against}. {approval.why}")


def approval_buttons(champions: list[ModelVersion], candidate: ModelVersion, approval: Approval) -> None:
    """The buttons that approve or reject the version that waits for approval."""
    own = OWN if approval.who.strip().casefold() == person().name.strip().casefold() else None
    version = candidate.version
    dialog_button("Reject", f"reject-{version}", _reject_dialog, approval)
    dialog_button("Approve", f"approve-{version}", _approve_dialog, champions, candidate, why_not=own, type="primary")


def show_approval(approval: Approval) -> None:
    """Shows who requested or decided the approval of a version, when and why."""
    st.subheader("Approval")
    at = time_html(approval.at, ledger().clock())
    write_html(join([f"{STATES[approval.state].capitalize()} by {approval.who}", at], ", "))
    note(approval.why)
    if approval.state == "superseded":
        note("Another model became champion before a decision, so this request can't be decided any more.")


def _approve_dialog(place: str, champions: list[ModelVersion], candidate: ModelVersion) -> None:
    show_change(champions, candidate)
    version = candidate.version
    done = f"{version} is champion now. The next inference uses it."
    ask_reason(
        place, "Make champion", done, lambda who, why: refuse_changed(champions[:1]) or approve(who, version, why)
    )


def _reject_dialog(place: str, approval: Approval) -> None:
    note(f"{plain_markdown(approval.version)} stays registered. The champion does not change.")
    done = f"{approval.version} was rejected. The champion stays."
    ask_reason(place, "Reject version", done, lambda who, why: reject(who, approval.version, why))
