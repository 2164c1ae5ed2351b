"""Passwords and sessions of a test: entries, people who sign in, and what they did."""

from pathlib import Path
from time import time

from streamlit.testing.v1 import AppTest

from console.access.cookies import SignedIn
from console.access.session import SIGNED_IN
from engine.passwords import Entry, new_entry, read_entries
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.schedules import schedule_rows
from tests.processes import DEADLINE
from tests.sandbox import Sandbox

WORD = "correct horse battery"
PAUSE = """
from console.app.actions import attempted, pause
attempted(lambda person: pause(person, "inference", "because"))
"""


def entry(name: str, role: str, password: str) -> Entry:
    """An entry that costs less to try than one of a real file."""
    return new_entry(name, role, password, (16, 8, 1))


def signed_in(app: AppTest, name: str, password: str = WORD) -> AppTest:
    """The page after somebody filled in the form."""
    app.text_input(key="sign-in-name").input(name)
    next(field for field in app.text_input if field.label == "Password").input(password)
    next(button for button in app.button if button.label == "Sign in").click().run()
    assert not app.exception
    return app


def script(text: str, path: Path, who: object = None) -> AppTest:
    """A script run in the session of whoever `who` says."""
    app = AppTest.from_string(text, default_timeout=DEADLINE)
    if isinstance(who, str):
        who = SignedIn(who, read_entries(path)[who].mark, time())
    if who is not None:
        app.session_state[SIGNED_IN] = who
    return app.run()


def paused(sandbox: Sandbox) -> list[str]:
    with sandbox.deployment.ledger.reading() as connection:
        return [row.pipeline for row in schedule_rows(connection) if row.paused_at is not None]


def noted(sandbox: Sandbox) -> list[tuple[str, str, str, str]]:
    with sandbox.deployment.ledger.reading() as connection:
        return [(row.who, row.action, row.subject, row.reason) for row in action_page(connection, ActionFilter(), 100)]
