"""The sign-in form, which is shown instead of a page until a user has signed in, and the badge of that user."""

import logging
import os
import signal
import sys
import threading
from pathlib import Path

import streamlit as st
from markupsafe import Markup
from streamlit.auth_util import get_secrets_auth_section

from console.access import session, web
from console.access.policy import is_public, login_of, settings
from console.components.elements import callout, note_html, write_html
from storage.errors import LoanwatchError

log = logging.getLogger("loanwatch.console")

WRONG = "sign-in-refused"  # in the session: the reason why the last attempt failed
NOT_LEFT = "sign-out-refused"  # in the session: the reason why the last sign-out failed
TRIES = "sign-in-tries"  # in the session: the number of attempts, so that each has an empty password field
SERVED = "streamlit_app.py"  # the command line of a process that `streamlit run` serves
SHOWN_FIRST = 2.0  # seconds that a browser has to show the reason before the console ends

EVERYWHERE = "Ends your session in every browser and tab."
HIDDEN = Markup("<style>.st-key-lw-session { display: none; }</style>")
SESSION_SCRIPT = Markup('<script>fetch("{}", {{ method: "{}", body: "{}", keepalive: true }});</script>')

_ending = threading.Event()


def is_admitted() -> bool:
    """Whether the page may be shown to this session."""
    try:
        session.person()
    except LoanwatchError:
        return False
    return True


def sign_in_gate() -> None:
    """Unless the session is admitted, shows the sign-in form or the reason for the refusal, and ends the script."""
    try:
        session.person()
    except session.NotSignedIn:
        _form()
        st.stop()
    except LoanwatchError as error:
        st.title("Access denied")
        callout("bad", "This console is closed", str(error))
        if login_of(settings()) == "none" and is_public():
            _end_unguarded(str(error))
        st.stop()


def badge() -> None:
    """Shows the user and the sign-out button. Shows nothing on a console without a login."""
    if session.login() == "none":
        return
    user = session.person()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="who"):
        write_html(note_html(f"{user.name}, {user.role}"), width="content")
        # A callback runs even when a refresh of the page interrupts the script.
        st.button("Sign out", type="tertiary", on_click=_leave, key="sign-out", help=EVERYWHERE)
    if NOT_LEFT in st.session_state:
        callout("bad", "You are still signed in", st.session_state.pop(NOT_LEFT))
    with st.container(key="lw-session"):
        ticket = session.waiting_ticket()
        if ticket:
            _fetch("POST", ticket)


def _leave() -> None:
    try:
        session.sign_out()
    except LoanwatchError as error:
        st.session_state[NOT_LEFT] = str(error)


def _fetch(method: str, ticket: str = "") -> None:
    """Has the browser post its ticket, or delete its cookie, even when it leaves the page at once."""
    write_html(HIDDEN + SESSION_SCRIPT.format(web.session_path(), method, ticket), scripts=True)


def _form() -> None:
    """Shows the form for name and password, or the buttons of the OIDC providers."""
    st.title("Sign in")
    with st.container(width=420, key="sign-in"):
        if session.login() == "oidc":
            _providers()
            return
        if session.has_old_cookie():
            with st.container(key="lw-session"):
                _fetch("DELETE")
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
        refusal = "" if session.sign_in(name, password) else "The name or the password is wrong."
    except LoanwatchError as error:
        refusal = str(error)
    if refusal:
        st.session_state[TRIES] = int(st.session_state.get(TRIES, 0)) + 1
        st.session_state[WRONG] = refusal
    else:
        for key in (TRIES, WRONG):
            st.session_state.pop(key, None)
    st.rerun()


def _providers() -> None:
    """Shows a button for each provider of secrets.toml."""
    section = get_secrets_auth_section()
    names = [name for name, value in section.items() if isinstance(value, dict) or hasattr(value, "client_id")]
    if "client_id" in section:
        st.button("Sign in", type="primary", on_click=st.login, key="sign-in-provider")
    for name in names:
        st.button(f"Sign in with {name}", type="primary", on_click=st.login, args=(name,), key=f"sign-in-{name}")


def _end_unguarded(reason: str) -> None:
    """Stops a server that `streamlit run` started on a public address without a login, after the reason is shown."""
    if Path(sys.argv[0]).name == SERVED and not _ending.is_set():
        _ending.set()
        log.error("%s", reason)
        threading.Timer(SHOWN_FIRST, os.kill, (os.getpid(), signal.SIGTERM)).start()
