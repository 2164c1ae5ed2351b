"""The user of a session and their role. They are checked at every query and every action."""

import logging
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import streamlit as st

from console.access.policy import Login, login_of, refuse_unguarded, settings
from console.access.rate_limit import RateLimit
from engine.control.runs import who
from engine.errors import Refused
from engine.passwords import Entry, Role, read_entries, verified
from engine.process.addresses import is_loopback

log = logging.getLogger("loanwatch.console")

SIGNED_IN = "signed-in"  # the key of SignedIn in the session, which is in this process's memory
LONGEST_SESSION = 12 * 3600.0  # seconds after which a user has to sign in again
LONGEST_NAME = 80

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


@dataclass(frozen=True)
class SignedIn:
    """A successful sign-in: the user, their entry's mark and the time. It is valid while the entry is unchanged.

    A browser can put only text, numbers and lists into a session, so it can't forge an object of this class.
    """

    name: str
    mark: str
    at: float


def person() -> Person:
    """The user of this session. Without a login, which only loopback allows, it is the user of this machine.

    Raises NotSignedIn when there is a login and no user has signed in, and Refused when other machines reach a console
    without a login.
    """
    refuse_unguarded(settings())
    login = login_of(settings())
    if login == "password":
        return _by_password()
    if login == "oidc":
        return _by_provider()
    _refuse_other_hosts()
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
        log.warning("sign-in failed for %s", name if name in entries else "a name that is not in the file")
        return False
    st.session_state[SIGNED_IN] = SignedIn(entry.name, entry.mark, monotonic())
    log.info("%s signed in", entry.name)
    return True


def sign_out() -> None:
    """Signs the user out and clears the session."""
    if login() == "oidc":
        st.logout()
    st.session_state.clear()


def login() -> Login:
    """The login of this console."""
    return login_of(settings())


def _by_password() -> Person:
    signed_in = st.session_state.get(SIGNED_IN)
    if not isinstance(signed_in, SignedIn) or monotonic() - signed_in.at > LONGEST_SESSION:
        raise NotSignedIn
    entry = read_entries(Path(settings().passwords)).get(signed_in.name)
    if entry is None or entry.mark != signed_in.mark:
        raise NotSignedIn
    return Person(entry.name, entry.role)


def _by_provider() -> Person:
    if not st.user.is_logged_in:
        raise NotSignedIn
    # Users choose their own names. The provider sets the subject and verifies the e-mail, so only these count.
    subject, email = str(st.user.get("sub") or ""), str(st.user.get("email") or "").lower()
    checked = email if st.user.get("email_verified") in (True, "true") else ""
    operators = {each.strip() for each in settings().operators.split(",") if each.strip()}
    operates = subject in operators or checked in {each.lower() for each in operators}
    return Person((checked or subject or email)[:LONGEST_NAME], "operator" if operates else "viewer")


def _refuse_other_hosts() -> None:
    """Raises Refused for a request with a host name of another machine, as from a proxy or a forged link."""
    host = st.context.headers.get("Host")
    name = urlsplit(f"//{host}").hostname if host else "localhost"
    if not is_loopback(name or ""):
        raise Refused(
            f"This console has no login and was opened as {name}; open it as http://localhost, or set up a login."
        )
