"""Who looks at this console, and what they may do. Asked anew for every reading and every action."""

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

SIGNED_IN = "signed-in"  # in the session, which lives in this process: what the sign-in form leaves
LONGEST_SESSION = 12 * 3600.0  # seconds after which somebody signs in again
LONGEST_NAME = 80

_tries = RateLimit()


class NotSignedIn(Refused):
    """A session in which nobody has signed in, or has no more."""

    def __init__(self) -> None:
        super().__init__("Nobody is signed in here, or not any more; sign in first.")


@dataclass(frozen=True)
class Person:
    """Somebody at the console."""

    name: str
    role: Role

    @property
    def operates(self) -> bool:
        return self.role == "operator"


@dataclass(frozen=True)
class SignedIn:
    """That somebody gave the password of an entry of the file, and when; it holds while the entry stays as it is.

    Only this class counts in a session: what a browser sends arrives there as text, numbers and lists.
    """

    name: str
    mark: str
    at: float


def person() -> Person:
    """Who sits at this session: without a login, which only loopback allows, the user of this machine.

    NotSignedIn when there is a login and nobody has; Refused when the console is open to others without one.
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
    """The person of this session; Refused when they may only look."""
    found = person()
    if not found.operates:
        log.warning("%s may only look and asked for an operator's action", found.name)
        raise Refused(f"{found.name} may look but not act; ask an operator of this deployment.")
    return found


def sign_in(name: str, password: str) -> bool:
    """Whether that is somebody's password; if so the session is theirs. TooManyTries while one has to wait."""
    entries = read_entries(Path(settings().passwords))
    entry: Entry | None = _tries.attempt(name, lambda: verified(entries, name, password))
    # A name that is not in the file may be a password that was typed in the wrong place.
    told = name if name in entries else "a name that is not in the file"
    if entry is None:
        log.warning("sign-in failed for %s", told)
        return False
    st.session_state[SIGNED_IN] = SignedIn(entry.name, entry.mark, monotonic())
    log.info("%s signed in", told)
    return True


def sign_out() -> None:
    """Ends the session of whoever signed in: nothing of it is left."""
    if login() == "oidc":
        st.logout()
    st.session_state.clear()


def login() -> Login:
    """How people sign in to this console."""
    return login_of(settings())


def _by_password() -> Person:
    found = st.session_state.get(SIGNED_IN)
    if not isinstance(found, SignedIn) or monotonic() - found.at > LONGEST_SESSION:
        raise NotSignedIn
    entry = read_entries(Path(settings().passwords)).get(found.name)
    if entry is None or entry.mark != found.mark:
        raise NotSignedIn
    return Person(entry.name, entry.role)


def _by_provider() -> Person:
    if not st.user.is_logged_in:
        raise NotSignedIn
    # A name is whatever its bearer calls themselves; a subject is the provider's, and so is an e-mail that it checked.
    subject, email = str(st.user.get("sub") or ""), str(st.user.get("email") or "").lower()
    checked = email if st.user.get("email_verified") in (True, "true") else ""
    operators = {each.strip() for each in settings().operators.split(",") if each.strip()}
    operates = subject in operators or checked in {each.lower() for each in operators}
    return Person((checked or subject or email)[:LONGEST_NAME], "operator" if operates else "viewer")


def _refuse_other_hosts() -> None:
    """Refused when the browser came by another name than this machine's own: a proxy, or a site that leads it here."""
    host = st.context.headers.get("Host")
    name = urlsplit(f"//{host}").hostname if host else "localhost"
    if not is_loopback(name or ""):
        raise Refused(
            f"This console has no login and was asked for as {name}; open it as http://localhost, or give it a login."
        )
