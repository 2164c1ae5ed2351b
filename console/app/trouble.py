"""What a page shows while the ledger can't be used: one sentence, and the page again as soon as it can."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from console.components.elements import callout
from storage.errors import LoanwatchError, StorageError

AGAIN = "5s"
AGAIN_DRAWN = "trouble-drawn"  # in the session: whether the trouble was shown
TITLE = "This page can't be shown now"

Given = ParamSpec("Given")


def told(draw: Callable[Given, None]) -> Callable[Given, None]:
    """Makes a function that draws a part of a page show the sentence of an error instead of the part."""

    @wraps(draw)
    def drawn(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except LoanwatchError as error:
            callout("bad", TITLE, str(error))

    return drawn


def page_or_trouble(*parts: Callable[[], None]) -> None:
    """Draws the parts of a page. While the ledger can't be used, it shows why, and tries again every few seconds."""
    try:
        for draw in parts:
            draw()
    except StorageError as error:
        callout("bad", TITLE, str(error))
        st.session_state.pop(AGAIN_DRAWN, None)
        st.fragment(_again, run_every=AGAIN)()


def _again() -> None:
    """Reruns the whole script, but not when it has just been drawn."""
    if st.session_state.setdefault(AGAIN_DRAWN, False):
        st.rerun()
    st.session_state[AGAIN_DRAWN] = True
