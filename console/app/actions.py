"""The actions of the console. Each checks the user, calls engine.control, and shows a message afterwards.

An action does not wait for the run: it writes to the ledger and returns.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import streamlit as st

from console.access.session import Person, operator
from console.app.deployment import deployment
from console.components.elements import callout, plain_markdown
from engine.alerts import actions as alerts
from engine.control import approval, promotion, runs
from storage.errors import LoanwatchError
from storage.ledger.runs import PipelineActive

FLASH = "flash"  # in the session: the message about the last action, for the next script run


def attempted(action: Callable[[Person], str]) -> str | None:
    """The result of an operator's action. When it was refused, shows the reason and returns None."""
    try:
        return action(operator())
    except LoanwatchError as error:
        callout("bad", "The action failed", str(error))
        return None


def request(person: Person, pipeline: str, as_of: date, **given: Any) -> str:
    """The id of a requested run; `given` are params, force, adopt and request_key."""
    new = runs.asked_request(deployment(), pipeline, as_of, requested_by=person.name, **given)
    try:
        return runs.request(deployment(), new)
    except PipelineActive as active:
        return shown_instead(active)


def resume(person: Person, run_id: str, params: Mapping[str, Any] | None = None, *, adopt: bool = False) -> str:
    """The id of the run that resumes an ended one, or of the active run of its pipeline when there is one."""
    try:
        return runs.resume(deployment(), run_id, params, by=person.name, adopt=adopt)
    except PipelineActive as active:
        return shown_instead(active)


def shown_instead(active: PipelineActive) -> str:
    """The id of the active run, which is shown instead of a new one."""
    flash(f"{active.pipeline} has an active run, which is shown here.", icon=":material/info:")
    return active.run_id


def cancel(person: Person, run_id: str) -> str:
    """Cancels a run. Returns its state: `cancelled`, or `running` until its process ends it."""
    return runs.cancel(deployment(), run_id, by=person.name)


def pause(person: Person, pipeline: str, reason: str, until: date | None = None) -> str:
    """Pauses a pipeline's schedule, until a day begins or a person resumes it. Returns the pipeline."""
    runs.pause_schedule(deployment(), pipeline, reason, by=person.name, until=until)
    return pipeline


def unpause(person: Person, pipeline: str) -> str:
    """Resumes a pipeline's schedule. Returns the pipeline."""
    runs.resume_schedule(deployment(), pipeline, by=person.name)
    return pipeline


def request_key(place: str, *, fresh: bool = False) -> str:
    """The request key of a dialog. It stays the same until a `fresh` one, so that a double click requests one run."""
    name = f"request-key-{place}"
    if fresh or name not in st.session_state:
        st.session_state[name] = f"console-{secrets.token_hex(8)}"
    key: str = st.session_state[name]
    return key


def flash(words: str, icon: str = ":material/check:") -> None:
    """Stores a message for the next script run of this session."""
    st.session_state[FLASH] = (words, icon)


def show_flash() -> None:
    """Shows the message about the last action, once."""
    if FLASH in st.session_state:
        words, icon = st.session_state.pop(FLASH)
        st.toast(plain_markdown(words), icon=icon)


def promote(person: Person, version: str, reason: str) -> str:
    """Promotes a version, or requests its approval when that is required. Returns the version."""
    return promotion.promote(deployment(), version, reason, by=person.name).version


def approve(person: Person, version: str, reason: str) -> str:
    """Makes a version champion that waits for approval. Returns the version."""
    return approval.approve(deployment(), version, reason, by=person.name).version


def reject(person: Person, version: str, reason: str) -> str:
    """Ends the request for the approval of a version. Returns the version."""
    return approval.reject(deployment(), version, reason, by=person.name).version


def roll_back(person: Person, reason: str) -> str:
    """Makes the previous champion champion again. Returns its version."""
    return promotion.rollback(deployment(), reason, by=person.name).version


def acknowledge(person: Person, named: str | int, note: str) -> str:
    """Acknowledges an open alert of an id, or of RULE/SUBJECT. Returns its new state."""
    return str(alerts.acknowledge_named(deployment(), str(named), note, by=person.name).state)


def silence(person: Person, rule: str, subject: str | None, until: datetime, reason: str) -> str:
    """Keeps a rule from being told until a time. Returns the rule."""
    alerts.silence(deployment(), rule, subject, until, reason, by=person.name)
    return rule


def unsilence(person: Person, rule: str, subject: str | None) -> str:
    """Ends a silence. Returns the rule."""
    alerts.unsilence(deployment(), rule, subject, by=person.name)
    return rule


def retry_alerts(person: Person) -> str:
    """Has every failed message sent again. Returns how many these are, in words."""
    count = alerts.retry(deployment(), by=person.name)
    return "1 message is sent again." if count == 1 else f"{count} messages are sent again."
