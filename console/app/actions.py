"""The actions of the console. Each checks the person, calls engine.control, and shows a message afterwards.

An action never waits for its result: it writes to the ledger and returns.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from console.access.session import Person, operator
from console.app.deployment import deployment
from console.components.elements import callout, plain_markdown
from engine.control import promotion, runs
from storage.errors import LoanwatchError
from storage.ledger.runs import PipelineActive

FLASH = "flash"  # in the session: the message about the last action, for the next script run


def attempted(action: Callable[[Person], str]) -> str | None:
    """The result of an operator's action; None when it was refused, and the reason is shown in this place."""
    try:
        return action(operator())
    except LoanwatchError as error:
        callout("bad", "The action failed", str(error))
        return None


def request(person: Person, pipeline: str, as_of: date, **given: Any) -> str:
    """The id of a requested run; `given` are params, force and request_key."""
    wanted = runs.checked_request(deployment(), pipeline, as_of, requested_by=person.name, **given)
    try:
        return runs.request(deployment(), wanted)
    except PipelineActive as active:
        return shown_instead(active)


def resume(person: Person, run_id: str, params: Mapping[str, Any] | None = None) -> str:
    """The id of the run that resumes an ended one; of the active run, if its pipeline has one."""
    try:
        return runs.resume(deployment(), run_id, params, by=person.name)
    except PipelineActive as active:
        return shown_instead(active)


def shown_instead(active: PipelineActive) -> str:
    """The id of the active run that is shown in place of another one."""
    flash(f"{active.pipeline} has an active run; this is it.", icon=":material/info:")
    return active.run_id


def cancel(person: Person, run_id: str) -> str:
    """The state of a run after it was cancelled."""
    return runs.cancel(deployment(), run_id, by=person.name)


def pause(person: Person, pipeline: str, reason: str) -> str:
    """The pipeline whose schedule is paused now."""
    runs.pause_schedule(deployment(), pipeline, reason, by=person.name)
    return pipeline


def unpause(person: Person, pipeline: str) -> str:
    """The pipeline whose schedule is resumed now."""
    runs.resume_schedule(deployment(), pipeline, by=person.name)
    return pipeline


def request_key(place: str, *, fresh: bool = False) -> str:
    """The key of a dialog's request: the same until a `fresh` one, so that a double click requests one run."""
    name = f"request-key-{place}"
    if fresh or name not in st.session_state:
        st.session_state[name] = f"console-{secrets.token_hex(8)}"
    key: str = st.session_state[name]
    return key


def flash(words: str, icon: str = ":material/check:") -> None:
    """Keeps a message for the next script run of this session."""
    st.session_state[FLASH] = (words, icon)


def show_flash() -> None:
    """Shows the message about the last action, once."""
    if FLASH in st.session_state:
        words, icon = st.session_state.pop(FLASH)
        st.toast(plain_markdown(words), icon=icon)


def promote(person: Person, version: str, reason: str) -> str:
    """The version that is champion now."""
    return promotion.promote(deployment(), version, reason, by=person.name).version


def roll_back(person: Person, reason: str) -> str:
    """The version that was champion before and is champion again."""
    return promotion.rollback(deployment(), reason, by=person.name).version
