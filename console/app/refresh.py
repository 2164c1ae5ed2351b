"""Parts of a page that are drawn again every few seconds, except while a dialog is open.

A refresh that the browser asks for while a dialog closes or the page changes can collide with the new page, and the
browser then shows neither. So the timers stop when a dialog opens, and start again with the page that follows.
"""

from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from console.app.dialogs import is_open
from console.app.trouble import told

Given = ParamSpec("Given")


def refreshed(every: str | None) -> Callable[[Callable[Given, None]], Callable[Given, None]]:
    """Makes a function draw a part of a page, and again after each `every` ("5s"); once for None."""

    def decorated(draw: Callable[Given, None]) -> Callable[Given, None]:
        def drawn(*args: Given.args, **kwargs: Given.kwargs) -> None:
            st.fragment(told(draw), run_every=None if is_open() else every)(*args, **kwargs)

        return drawn

    return decorated
