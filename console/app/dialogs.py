"""The open dialog of this session: one at most, until it is dismissed or its action is done.

It is stored in the session, so that a refresh of the page does not close it.
"""

from collections.abc import Callable
from typing import Any

import streamlit as st

from console.access.session import person
from console.app.actions import request_key
from console.app.navigation import opens_run
from console.app.page_state import is_other_page

OPEN, DRAWN = "open-dialog", "drawn-dialog"  # in the session: the places of dialogs
ONLY_OPERATORS = "Only operators may do this. You have the role viewer."


def dialog_button(label: str, place: str, content: Callable[..., None], *given: Any, **how: Any) -> None:
    """A button for operators that opens a dialog of the same title. `content(place, *given)` draws the dialog.

    `place` is the key of the button and of the dialog's request. `how` are arguments of st.button. A `why_not` disables
    the button and is its tooltip. The button must be outside of fragments.
    """
    why_not = how.pop("why_not", None)
    why_not = why_not if person().operates else ONLY_OPERATORS
    st.button(label, key=place, on_click=opened, args=(place,), disabled=bool(why_not), help=why_not, **how)
    if st.session_state.get(OPEN) == place and not why_not:
        st.session_state[DRAWN] = place
        st.dialog(label, on_dismiss=closed)(content)(place, *given)


def opened(place: str) -> None:
    """Opens a dialog, for a new request."""
    st.session_state[OPEN] = place
    request_key(place, fresh=True)


def is_open() -> bool:
    """Whether a dialog is open in this session, or one has just been confirmed and the run's page opens next."""
    return OPEN in st.session_state or opens_run()


def begin() -> None:
    """Begins a script run, which has drawn no dialog yet. A dialog ends with its page.

    Two pages can have the same button, so that the button is drawn does not keep the dialog open.
    """
    st.session_state.pop(DRAWN, None)
    if is_other_page():
        closed()


def close_undrawn() -> None:
    """Closes a dialog that the page has not drawn, and draws the page again, so that it refreshes.

    The button of such a dialog is gone, or it is on a page that was left with the browser's back button.
    """
    if OPEN in st.session_state and DRAWN not in st.session_state:
        closed()
        st.rerun()


def closed() -> None:
    """Closes the open dialog, if there is one."""
    st.session_state.pop(OPEN, None)
