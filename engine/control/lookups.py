"""Look-ups of customers and loans: each is recorded in the audit log before anything of it is shown."""

import re

from engine.control.runs import who
from engine.deployment import Deployment
from engine.errors import UnusableRequest
from storage.ledger.audit import Action, record_action

LOOK_UP = "look up"  # the action in the audit log
LONGEST = 100  # letters
SSN = re.compile(r"\d{3}[- .]\d{2}[- .]\d{4}")


def checked_id(text: str) -> str:
    """The id of a customer or a loan as it was typed, without blanks around it. Raises UnusableRequest.

    A social security number is refused: it would stand in the audit log and in the address of the page.
    """
    wanted = text.strip()
    if not wanted or len(wanted) > LONGEST or not wanted.isprintable():
        raise UnusableRequest(
            f"The id of a customer or a loan has 1 to {LONGEST} letters or digits; check what you typed."
        )
    if SSN.fullmatch(wanted):
        raise UnusableRequest("This looks like a social security number; look the customer up by the id instead.")
    return wanted


def record_lookup(deployment: Deployment, wanted: str, where: str, user: str | None = None) -> None:
    """Records that a user looks a customer or a loan up; `where` says in what, as the reason of the action."""
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        record_action(connection, Action(user or who(), LOOK_UP, wanted, where), now)
