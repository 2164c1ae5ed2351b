"""Making another version champion: promotion and rollback, each with a reason typed."""

from collections.abc import Callable
from html import escape

import streamlit as st

from console.access.session import Person, person
from console.app.actions import attempted, flash, promote, roll_back
from console.components.elements import callout, figure
from console.components.legacy import description_list
from console.models.candidates import interval_text
from console.models.query import best, succession, threshold
from engine.errors import Refused
from storage.ledger.models import ModelVersion

ASKED = "promoting"  # in the session: which dialog is open
ROLLBACK = "rollback"
REASON = "promoting-reason"
LONGEST = 500  # letters of a reason


def promote_button(version: str) -> None:
    """Opens the dialog that makes this version champion."""
    _button("Promote…", version, f"promote-{version}", "Make this version champion.")


def rollback_button(past: list[ModelVersion]) -> None:
    """Opens the dialog that goes back to the champion before, if there was one."""
    if len(past) < 2:
        help_text = "There is nothing to go back to: there was no other champion before."
        st.button("Roll back…", key="rollback", disabled=True, help=help_text)
    else:
        _button("Roll back…", ROLLBACK, "rollback", f"Make {past[1].version}, champion before, champion again.")


def open_dialog(candidate: ModelVersion | None) -> None:
    """The dialog that was asked for; `candidate` is the version in view."""
    asked = st.session_state.get(ASKED)
    past = succession()
    present = past[0] if past else None
    if asked == ROLLBACK and len(past) > 1:
        _rollback_dialog(past[0], past[1])
    elif candidate is not None and asked == candidate.version != (present and present.version):
        _promote_dialog(present, candidate)
    else:
        st.session_state.pop(ASKED, None)


def warnings(model: ModelVersion, present: ModelVersion | None) -> list[str]:
    """The risks of making this version champion, in sentences."""
    found = []
    auc, limit = best(model.summary, model.model_name).get("test_auc"), threshold(model.summary)
    if auc is None:
        found.append("No test AUC is known of this version.")
    elif auc < limit:
        found.append(f"Its test AUC {figure(auc)} is below the threshold {limit:g}.")
    if model.promotion and not model.promotion["promote"]:
        found.append(f"Its own training refused it. {model.promotion['reason']}")
    if present is not None and present.summary.get("as_of", "") > model.summary.get("as_of", ""):
        found.append(f"Trained on data up to {model.summary['as_of']}, the champion up to {present.summary['as_of']}.")
    return found


def _button(label: str, asked: str, key: str, help_text: str) -> None:
    operates = person().operates
    told = help_text if operates else "You may look but not act; ask an operator of this deployment."
    st.button(label, key=key, on_click=_ask, args=(asked,), disabled=not operates, help=told)


def _ask(asked: str) -> None:
    st.session_state[ASKED] = asked
    st.session_state.pop(REASON, None)


def _forget() -> None:
    st.session_state.pop(ASKED, None)


@st.dialog("Promote", on_dismiss=_forget)
def _promote_dialog(present: ModelVersion | None, candidate: ModelVersion) -> None:
    _change(present, candidate)
    version, before = candidate.version, present.version if present else None
    _reason("Make champion", lambda who, why: _unchanged(before) or promote(who, version, why))


@st.dialog("Roll back", on_dismiss=_forget)
def _rollback_dialog(present: ModelVersion, past: ModelVersion) -> None:
    _change(present, past)
    _reason("Roll back", lambda who, why: _unchanged(present.version, past.version) or roll_back(who, why))


def _change(present: ModelVersion | None, candidate: ModelVersion) -> None:
    """What changes: the champion now, and the one after."""
    now = _words(present) if present else "none"
    description_list({"Champion now": now, "Champion after": _words(candidate)})
    st.caption("The next inference scores with it; predictions made until now stay as they are.")
    found = warnings(candidate, present)
    if found:
        callout("warn", "Risks", *found)


def _words(model: ModelVersion) -> str:
    numbers = best(model.summary, model.model_name)
    told = f"test AUC {figure(numbers.get('test_auc'))} ({interval_text(numbers)})"
    return f"<b>{escape(model.version)}</b> {escape(model.model_name)}, {told}"


def _reason(label: str, action: Callable[[Person, str], str]) -> None:
    """Asks for the reason; the button works once there is one."""
    why = st.text_input("Reason (kept and shown for ever)", key=REASON, live=True, max_chars=LONGEST) or ""
    do, leave, _ = st.columns([2, 1, 1])
    if leave.button("Cancel", key="promoting-cancel", width="stretch"):
        _forget()
        st.rerun()
    if do.button(label, key="promoting-do", type="primary", disabled=not why.strip(), width="stretch"):
        version = attempted(lambda who: action(who, why.strip()))
        if version is not None:
            _forget()
            flash(f"{version} is champion now; the next inference scores with it.")
            st.rerun()


def _unchanged(*expected: str | None) -> str:
    """Nothing; Refused when the champions are not any more those that the dialog told of."""
    found = [model.version for model in succession()][: len(expected)]
    if [version for version in expected if version is not None] != found:
        raise Refused("Another champion was chosen meanwhile; close this and look again.")
    return ""
