"""The door: what stands in place of a page for whoever is not let in, and who is signed in for the others."""

import logging
import os
import signal
import sys
import threading
from html import escape
from pathlib import Path

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from console.access import session
from console.access.policy import is_public, login_of, settings
from console.components.elements import callout
from storage.errors import LoanwatchError

log = logging.getLogger("loanwatch.console")

WRONG = "sign-in-refused"  # in the session: why the last try failed
TRIES = "sign-in-tries"  # in the session: how many there were, so that each has an empty password field
SERVED = "streamlit_app.py"  # what Streamlit makes of the command line of a process that serves the console
TOLD_FIRST = 2.0  # seconds that a browser has to show why the console ends

_ending = threading.Event()


def is_let_in() -> bool:
    """Whether the page may be shown to whoever looks."""
    try:
        session.person()
    except LoanwatchError:
        return False
    return True


def sign_in_gate() -> None:
    """Nothing for whoever is let in; else the sign-in form, or why there is none, and the end of the script."""
    try:
        session.person()
    except session.NotSignedIn:
        _form()
        st.stop()
    except LoanwatchError as error:
        st.title("Closed")
        callout("bad", "This console lets nobody in", str(error))
        if login_of(settings()) == "none" and is_public():
            _end_unguarded(str(error))
        st.stop()


def badge() -> None:
    """Who is signed in, and the way out; nothing where there is no login."""
    if session.login() == "none":
        return
    found = session.person()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="who"):
        st.html(f'<span class="lw-note">{escape(found.name)}, {found.role}</span>', width="content")
        st.button("Sign out", type="tertiary", on_click=session.sign_out, key="sign-out")


def _form() -> None:
    """The form of the password file, or the way to the provider."""
    st.title("Sign in")
    with st.container(width=420, key="sign-in"):
        if session.login() == "oidc":
            _providers()
            return
        if WRONG in st.session_state:
            callout("bad", st.session_state[WRONG])
        with st.form("sign-in-form", border=True):
            name = st.text_input("Name", autocomplete="username", key="sign-in-name")
            tries = int(st.session_state.get(TRIES, 0))
            password = st.text_input(
                "Password", type="password", autocomplete="current-password", key=f"sign-in-password-{tries}"
            )
            sent = st.form_submit_button("Sign in", type="primary", width="stretch")
        if sent:
            _try(name.strip(), password)


def _try(name: str, password: str) -> None:
    try:
        let_in = session.sign_in(name, password)
        told = "" if let_in else "Name or password is wrong."
    except LoanwatchError as error:
        told = str(error)
    if told:
        st.session_state[TRIES] = int(st.session_state.get(TRIES, 0)) + 1
        st.session_state[WRONG] = told
    else:
        for left in (TRIES, WRONG):
            st.session_state.pop(left, None)
    st.rerun()


def _providers() -> None:
    """A button for each provider of secrets.toml."""
    section = get_secrets_auth_section()
    named = [name for name, value in section.items() if isinstance(value, dict) or hasattr(value, "client_id")]
    if "client_id" in section:
        st.button("Sign in", type="primary", on_click=st.login, key="sign-in-provider")
    for name in named:
        st.button(f"Sign in with {name}", type="primary", on_click=st.login, args=(name,), key=f"sign-in-{name}")


def _end_unguarded(why: str) -> None:
    """Ends a server that `streamlit run` began without a login for everybody to reach, once it has said why."""
    if Path(sys.argv[0]).name == SERVED and not _ending.is_set():
        _ending.set()
        log.error("%s", why)
        threading.Timer(TOLD_FIRST, os.kill, (os.getpid(), signal.SIGTERM)).start()
