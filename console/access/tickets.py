"""One-time tickets, for which a browser that has just signed in gets its cookie.

Streamlit's script can't set a cookie. It sends the ticket to the browser, which posts it to the console. Tickets are in
this process's memory, are used once and are valid for a minute.
"""

import secrets
import threading
from collections import OrderedDict
from time import monotonic

from console.access.cookies import SignedIn

VALID_FOR = 60.0  # seconds
MOST_TICKETS = 1000

_lock = threading.Lock()
_issued: OrderedDict[str, tuple[SignedIn, float]] = OrderedDict()


def issue(signed_in: SignedIn) -> str:
    """A new ticket of a sign-in."""
    ticket = secrets.token_urlsafe(32)
    with _lock:
        _issued[ticket] = (signed_in, monotonic())
        if len(_issued) > MOST_TICKETS:
            _issued.popitem(last=False)
    return ticket


def is_waiting(ticket: str) -> bool:
    """Whether a ticket can still be used."""
    with _lock:
        _, issued_at = _issued.get(ticket, (None, -VALID_FOR))
    return monotonic() - issued_at < VALID_FOR


def redeem(ticket: str) -> SignedIn | None:
    """The sign-in of a ticket, which is used up; None for an unknown, used or old ticket."""
    with _lock:
        signed_in, issued_at = _issued.pop(ticket, (None, -VALID_FOR))
    return signed_in if monotonic() - issued_at < VALID_FOR else None
