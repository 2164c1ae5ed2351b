"""What can be done from the console: every action checks the person, goes through engine.control, and is told about.

An action never waits for what it began: it writes to the ledger and returns.
"""

import secrets
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import streamlit as st

from console.access.session import Person, operator
from console.app.deployment import deployment
from engine.control import promotion, runs
from storage.errors import LoanwatchError
from storage.ledger.runs import PipelineActive

TOLD = "told"  # in the session: what the next script run says about the last action


def attempted(action: Callable[[Person], str]) -> str | None:
    """What an operator's action gave; None when it was refused, which has been shown where it was asked for."""
    try:
        return action(operator())
    except LoanwatchError as error:
        st.error(str(error), icon=":material/block:")
        return None


def request(person: Person, pipeline: str, as_of: date, **given: Any) -> str:
    """The id of a requested run; `given` are params, force and request_key."""
    wanted = runs.checked_request(deployment(), pipeline, as_of, requested_by=person.name, **given)
    try:
        return runs.request(deployment(), wanted)
    except PipelineActive as active:
        flash(f"{pipeline} is under way already; this is its run.", icon=":material/info:")
        return active.run_id


def resume(person: Person, run_id: str, params: Mapping[str, Any] | None = None) -> str:
    """The id of the run that goes on with an ended one."""
    return runs.resume(deployment(), run_id, params, by=person.name)


def cancel(person: Person, run_id: str) -> str:
    """The state of a run that was asked to end."""
    return runs.cancel(deployment(), run_id, by=person.name)


def pause(person: Person, pipeline: str, reason: str) -> str:
    """The pipeline whose schedule is paused from now on."""
    runs.pause_schedule(deployment(), pipeline, reason, by=person.name)
    return pipeline


def unpause(person: Person, pipeline: str) -> str:
    """The pipeline whose schedule goes on."""
    runs.resume_schedule(deployment(), pipeline, by=person.name)
    return pipeline


def request_key(place: str, *, fresh: bool = False) -> str:
    """The key of the request that a dialog is for: the same until a `fresh` one, so a double click is one run."""
    name = f"request-key-{place}"
    if fresh or name not in st.session_state:
        st.session_state[name] = f"console-{secrets.token_hex(8)}"
    key: str = st.session_state[name]
    return key


def flash(words: str, icon: str = ":material/check:") -> None:
    """Has the next script run of this session say what was done."""
    st.session_state[TOLD] = (words, icon)


def show_flash() -> None:
    """Says what the last action did, once."""
    if TOLD in st.session_state:
        words, icon = st.session_state.pop(TOLD)
        st.toast(words, icon=icon)


def promote(person: Person, version: str, reason: str) -> str:
    """The version that is champion from now on."""
    return promotion.promote(deployment(), version, reason, by=person.name).version


def roll_back(person: Person, reason: str) -> str:
    """The version, champion before the present one, that is champion again."""
    return promotion.rollback(deployment(), reason, by=person.name).version
