"""The user of a session and their role. They are checked at every query and every action."""

import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import time
from urllib.parse import urlsplit

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from console.access import tickets
from console.access.cookies import Sessions, SignedIn
from console.access.deployment import noted
from console.access.policy import Login, login_of, refuse_unguarded, settings
from console.access.rate_limit import RateLimit
from engine.control.runs import who
from engine.errors import Refused
from engine.passwords import Entry, Role, read_entries, verified
from engine.process.addresses import is_loopback

log = logging.getLogger("loanwatch.console")

SIGNED_IN = "signed-in"  # the key of SignedIn in the session, which is in this process's memory
TICKET = "sign-in-ticket"  # the key of the ticket for which the browser gets its cookie
LONGEST_NAME = 80
UNKNOWN = "unknown"  # in the audit log: a name that is not in the password file

_tries = RateLimit()


class NotSignedIn(Refused):
    """No user is signed in to the session, or the session has ended."""

    def __init__(self) -> None:
        super().__init__("You are not signed in, or your session has ended; sign in first.")


@dataclass(frozen=True)
class Person:
    """A user of the console."""

    name: str
    role: Role

    @property
    def operates(self) -> bool:
        return self.role == "operator"


DOWNLOADING = Person("a download", "viewer")


def person() -> Person:
    """The user of this session. Without a login, which only loopback allows, it is the user of this machine.

    Raises NotSignedIn when there is a login and no user has signed in, and Refused when other machines reach a console
    without a login. The content of a download is made outside of the session, for a page that showed its button; the
    web server hands it out to those who are signed in only.
    """
    login = refuse_unguarded(settings())  # a page asks a hundred times, and to look for a login reads files
    if login != "none" and get_script_run_ctx(suppress_warning=True) is None:
        return DOWNLOADING
    if login == "password":
        return _by_password()
    if login == "oidc":
        return _by_provider()
    refuse_other_host(st.context.headers.get("Host"))
    return Person(who(), "operator")


def operator() -> Person:
    """The user of this session. Raises Refused for a viewer."""
    user = person()
    if not user.operates:
        log.warning("%s has the role viewer and requested an operator's action", user.name)
        raise Refused(f"{user.name} has the role viewer and may not do this; ask an operator of this deployment.")
    return user


def sign_in(name: str, password: str) -> bool:
    """Signs a user in. Returns whether the password is right. Raises TooManyTries during a pause."""
    entries = read_entries(Path(settings().passwords))
    entry: Entry | None = _tries.attempt(name, lambda: verified(entries, name, password))
    if entry is None:
        # An unknown name is not logged, because it may be a password that was typed into the wrong field.
        known = name in entries
        log.warning("sign-in failed for %s", name if known else "a name that is not in the file")
        why = "wrong password" if known else "the name is not in the password file"
        noted(name if known else UNKNOWN, "sign-in refused", _where(why))
        return False
    signed_in = SignedIn(entry.name, entry.mark, time())
    st.session_state[SIGNED_IN] = signed_in
    st.session_state[TICKET] = tickets.issue(signed_in)
    log.info("%s signed in", entry.name)
    noted(entry.name, "sign-in", _where())
    return True


def sign_out() -> None:
    """Signs the user out in every browser and tab, and clears the session."""
    if login() == "oidc":
        st.logout()
    elif login() == "password":
        with suppress(NotSignedIn):  # another tab was faster
            user = person()
            Sessions(settings().home).end(user.name)
            noted(user.name, "sign-out", _where())
    st.session_state.clear()


def waiting_ticket() -> str:
    """The ticket for which the browser has not got its cookie yet; empty when there is none."""
    ticket = str(st.session_state.get(TICKET, ""))
    return ticket if tickets.is_waiting(ticket) else ""


def has_old_cookie() -> bool:
    """Whether the browser came with a cookie of a session that has ended."""
    name = Sessions(settings().home).cookie_name
    return login() == "password" and name in st.context.cookies


def login() -> Login:
    """The login of this console."""
    return login_of(settings())


def _by_password() -> Person:
    """The user of this session's sign-in, else of the cookie with which the browser opened the session."""
    sessions = Sessions(settings().home)
    entry = valid_entry(st.session_state.get(SIGNED_IN), sessions)
    if entry is None:
        entry = valid_entry(sessions.of_cookie(st.context.cookies.get(sessions.cookie_name)), sessions)
    if entry is None:
        raise NotSignedIn
    return Person(entry.name, entry.role)


def valid_entry(signed_in: object, sessions: Sessions) -> Entry | None:
    """The password file's entry of a sign-in; None unless the sign-in is valid."""
    if not isinstance(signed_in, SignedIn) or not sessions.last(signed_in):
        return None
    entry = read_entries(Path(settings().passwords)).get(signed_in.name)
    return entry if entry is not None and entry.mark == signed_in.mark else None


def _by_provider() -> Person:
    if not st.user.is_logged_in:
        raise NotSignedIn
    # Users choose their own names. The provider sets the subject and verifies the e-mail, so only these count.
    subject, email = str(st.user.get("sub") or ""), str(st.user.get("email") or "").lower()
    checked = email if st.user.get("email_verified") in (True, "true") else ""
    operators = {each.strip() for each in settings().operators.split(",") if each.strip()}
    operates = subject in operators or checked in {each.lower() for each in operators}
    return Person((checked or subject or email)[:LONGEST_NAME], "operator" if operates else "viewer")


def refuse_other_host(host: str | None) -> None:
    """Raises Refused for a request with a host name of another machine, as from a proxy or a forged link."""
    name = urlsplit(f"//{host}").hostname if host else "localhost"
    if not is_loopback(name or ""):
        raise Refused(
            f"This console has no login and was opened as {name}; open it as http://localhost, or set up a login."
        )


def _where(why: str = "") -> str:
    """A reason for the audit log, with the browser's address unless it is of this machine."""
    address = st.context.ip_address
    return ", ".join(part for part in (why, f"from {address}" if address else "") if part)
