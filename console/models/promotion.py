"""Promotion of another version to champion, its approval by a second person, and rollback, each with a reason."""

from collections.abc import Callable
from datetime import date

import streamlit as st
from markupsafe import Markup

from console.access.session import Person, person
from console.app.actions import approve, attempted, flash, promote, reject, roll_back
from console.app.deployment import deployment, ledger
from console.app.dialogs import closed, dialog_button
from console.components.elements import (
    Text,
    callout,
    description_list,
    figure,
    join,
    note,
    plain_markdown,
    write_html,
)
from console.components.times import day, time_html
from console.models.query import auc_threshold, last_champions, selected_metrics
from engine.control.approval import is_same_person, rejected_in_words
from engine.control.promotion import needs_approval
from engine.documents.candidates import interval_text
from engine.errors import Refused
from jobs.modelling.promotion.outcome import is_passed
from jobs.statistics.rounding import two_decimals
from storage.ledger.approvals import Approval
from storage.ledger.models import ModelVersion

LONGEST = 500  # letters of a reason
OWN = "You requested this approval. Another person has to approve it."
STATES = {"waiting": "requested"}  # the words of a state, where it has others


def promote_button(champions: list[ModelVersion], candidate: ModelVersion, approval: Approval | None) -> None:
    """A button that opens the dialog which promotes this version, or requests its approval."""
    dialog_button("Promote", f"promote-{candidate.version}", _promote_dialog, champions, candidate, approval)


def rollback_button(champions: list[ModelVersion]) -> None:
    """A button that opens the dialog which makes the previous champion champion again, if there was one."""
    why_not = "There was no other champion before." if len(champions) < 2 else None
    dialog_button("Roll back", "rollback", _rollback_dialog, champions, why_not=why_not)


def risks(candidate: ModelVersion, champion: ModelVersion | None) -> list[str]:
    """The risks of promoting this version, in sentences."""
    found = []
    summary = candidate.summary
    auc, threshold = selected_metrics(summary, candidate.model_name).get("test_auc"), auc_threshold(summary)
    if auc is None:
        found.append("Its test AUC is unknown.")
    elif auc < threshold:
        found.append(f"Its test AUC {figure(auc)} is below the threshold {two_decimals(threshold)}.")
    if candidate.promotion and not is_passed(candidate.promotion):
        found.append(f"It did not pass its promotion test. {candidate.promotion['reason']}")
    if champion is not None and champion.summary.get("as_of", "") > summary.get("as_of", ""):
        own, other = (day(date.fromisoformat(one["as_of"])) for one in (summary, champion.summary))
        found.append(f"It learned from data up to {own}, the champion up to {other}.")
    return found


def _promote_dialog(
    place: str, champions: list[ModelVersion], candidate: ModelVersion, approval: Approval | None
) -> None:
    show_change(champions, candidate)
    version = candidate.version
    label, done = "Make champion", f"{version} is champion now. The next inference uses it."
    if needs_approval(deployment(), candidate, approval):
        note("This version requires approval: it becomes champion once another person approves it.")
        label, done = "Request approval", f"{version} waits for the approval of another person."
    ask_reason(place, label, done, lambda who, why: refuse_changed(champions[:1]) or promote(who, version, why))


def _rollback_dialog(place: str, champions: list[ModelVersion]) -> None:
    show_change(champions, champions[1])
    done = f"{champions[1].version} is champion now. The next inference uses it."
    ask_reason(place, "Roll back", done, lambda who, why: refuse_changed(champions) or roll_back(who, why))


def show_change(champions: list[ModelVersion], candidate: ModelVersion) -> None:
    """Shows the champion now and the one after, and the risks."""
    champion = champions[0] if champions else None
    now = _words(champion) if champion else "none"
    description_list({"Champion now": now, "Champion after": _words(candidate)})
    note("The next inference uses the new champion. Published predictions do not change.")
    found = risks(candidate, champion)
    if found:
        callout("warn", "Risks", *found)


def _words(model: ModelVersion) -> Text:
    metrics = selected_metrics(model.summary, model.model_name)
    auc = f"test AUC {figure(metrics.get('test_auc'))} ({interval_text(metrics)})"
    return Markup("<strong>{}</strong> {}, {}").format(model.version, model.model_name, auc)


def ask_reason(place: str, label: str, done: str, action: Callable[[Person, str], str]) -> None:
    """Asks for the reason; the button is enabled once there is one. `done` is the message after the action."""
    why = st.text_input("Reason (kept in the audit log)", key=f"{place}-reason", live=True, max_chars=LONGEST) or ""
    do, leave, _ = st.columns([2, 1, 1])
    if leave.button("Cancel", key=f"{place}-cancel", width="stretch"):
        closed()
        st.rerun()
    pressed = do.button(label, key=f"{place}-confirm", type="primary", disabled=not why.strip(), width="stretch")
    if pressed and attempted(lambda who: action(who, why.strip())) is not None:
        closed()
        flash(done)
        st.rerun()


def refuse_changed(champions: list[ModelVersion]) -> str:
    """Nothing; Refused when the champions are not those that the dialog shows any more."""
    expected = [model.version for model in champions]
    if [model.version for model in last_champions()][: max(len(expected), 1)] != expected:
        raise Refused("The champion has changed since this dialog opened. Close it and open it again.")
    return ""


def show_waiting(waiting: list[Approval], champions: list[ModelVersion]) -> None:
    """Shows a callout for each request that waits for a decision."""
    against = champions[0].version if champions else "no model"
    for approval in waiting:
        title = f"{approval.version} waits for approval"
        callout("warn", title, f"Requested by {approval.who}, to replace {against}. Reason: {approval.why}")


def approval_buttons(champions: list[ModelVersion], candidate: ModelVersion, approval: Approval) -> None:
    """The buttons that approve or reject the version that waits for approval."""
    own = OWN if is_same_person(approval.who, person().name) else None
    version = candidate.version
    dialog_button("Reject", f"reject-{version}", _reject_dialog, approval)
    dialog_button("Approve", f"approve-{version}", _approve_dialog, champions, candidate, why_not=own, type="primary")


def show_approval(approval: Approval) -> None:
    """Shows who requested or decided the approval of a version, when and why."""
    st.subheader("Approval")
    at = time_html(approval.at, ledger().clock())
    state = STATES.get(approval.state, approval.state).capitalize()
    write_html(join([f"{state} by {approval.who}", at], ", "))
    note(approval.why)
    if approval.state == "superseded":
        note("This request ended before a decision and can't be decided any more.")


def _approve_dialog(place: str, champions: list[ModelVersion], candidate: ModelVersion) -> None:
    show_change(champions, candidate)
    version = candidate.version
    done = f"{version} is champion now. The next inference uses it."
    ask_reason(
        place, "Make champion", done, lambda who, why: refuse_changed(champions[:1]) or approve(who, version, why)
    )


def _reject_dialog(place: str, approval: Approval) -> None:
    note(f"{plain_markdown(approval.version)} stays registered.{' The champion stays.' if approval.champion else ''}")
    done = rejected_in_words(approval)
    ask_reason(place, "Reject version", done, lambda who, why: reject(who, approval.version, why))
