"""Who is let in and what they may do: the form, sessions, and everything that somebody could forge in them."""

from pathlib import Path
from time import time
from typing import Any

import pytest

from console.access import session
from console.access.cookies import LONGEST_SESSION, SignedIn
from console.access.session import SIGNED_IN, Person
from engine.passwords import read_entries, write_entry
from tests.console.access.sessions import PAUSE, WORD, entry, noted, paused, script, signed_in
from tests.console.pages import Opened, words
from tests.marks import others_thorough
from tests.sandbox import Sandbox


def test_on_loopback_without_a_login_the_user_of_the_machine_operates(opened: Opened, empty_sandbox: Sandbox) -> None:
    app = opened(empty_sandbox.home)
    assert "Overview" in words(app)
    assert not [button for button in app.button if button.label == "Sign out"]
    assert session.person().operates


def test_with_a_password_file_nothing_but_the_form_is_shown(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path
) -> None:
    for page in ("overview", "schedule", "audit", "run"):
        app = opened(empty_sandbox.home, page)
        assert [title.value for title in app.title] == ["Sign in"]
        assert [field.label for field in app.text_input] == ["Name", "Password"]


def test_whoever_signs_in_sees_the_page_and_signs_out_again(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path
) -> None:
    app = signed_in(opened(empty_sandbox.home, "schedule"), "victor")
    assert [title.value for title in app.title] == ["Schedule"]
    assert "victor, viewer" in words(app)
    assert not [field for field in app.text_input if field.label == "Password"]
    app.button(key="sign-out").click().run()
    assert [title.value for title in app.title] == ["Sign in"]
    assert SIGNED_IN not in app.session_state


def test_a_sign_out_ends_every_session_of_the_user_and_the_audit_log_has_both(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path
) -> None:
    here, there = (signed_in(opened(empty_sandbox.home), "anna") for _ in range(2))
    victor = signed_in(opened(empty_sandbox.home), "victor")
    here.button(key="sign-out").click().run()
    assert [app.run().title[0].value for app in (there, victor)] == ["Sign in", "Overview"]
    signed_in(there, "anna", "wrong horse")
    signed_in(there, WORD, WORD)
    assert [title.value for title in signed_in(there, "anna").title] == ["Overview"]
    assert [(who, action) for who, action, *_ in noted(empty_sandbox)] == [
        ("anna", "sign-in"),
        ("unknown", "sign-in refused"),
        ("anna", "sign-in refused"),
        ("anna", "sign-out"),
        ("victor", "sign-in"),
        ("anna", "sign-in"),
        ("anna", "sign-in"),
    ]


@pytest.mark.parametrize(
    ("name", "password"), others_thorough([("anna", "wrong horse"), ("nobody", WORD), ("", ""), (WORD, WORD)], kept=2)
)
def test_a_wrong_name_or_password_is_refused_alike(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path, caplog: pytest.LogCaptureFixture, name: str, password: str
) -> None:
    app = signed_in(opened(empty_sandbox.home), name, password)
    assert [title.value for title in app.title] == ["Sign in"]
    assert "The name or the password is wrong." in words(app)
    assert next(field for field in app.text_input if field.label == "Password").value == ""
    assert WORD not in caplog.text
    assert "sign-in failed" in caplog.text


def test_guessing_is_slowed_down_even_for_the_right_password(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path
) -> None:
    app = opened(empty_sandbox.home)
    for _ in range(3):
        signed_in(app, "anna", "wrong horse")
    signed_in(app, "anna")
    assert "Too many attempts have failed; try again in 1 s." in words(app)
    assert SIGNED_IN not in app.session_state
    assert [title.value for title in signed_in(app, "victor").title] == ["Overview"]


def test_a_viewer_is_refused_where_the_action_is_taken_and_an_operator_is_written_down(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path
) -> None:
    opened(empty_sandbox.home)
    app = script(PAUSE, passwords, "victor")
    assert "victor has the role viewer and may not do this; ask an operator of this deployment." in words(app)
    assert (paused(empty_sandbox), noted(empty_sandbox)) == ([], [])
    app = script(PAUSE, passwords, "anna")
    assert "The action failed" not in words(app)
    assert paused(empty_sandbox) == ["inference"]
    assert noted(empty_sandbox) == [("anna", "pause", "inference", "because")]


@pytest.mark.parametrize(
    "forged",
    others_thorough(
        [
            None,
            SignedIn("anna", "0" * 64, 1e12),
            "operator",
            {"name": "anna", "mark": "", "at": 0.0},
            Person("anna", "operator"),
            SignedIn("nobody", "", 1e12),
        ],
        kept=2,
    ),
    ids=["nothing", "wrong mark", "text", "fields", "person", "no such person"],
)
def test_a_session_that_did_not_come_from_the_form_is_refused(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path, forged: Any
) -> None:
    opened(empty_sandbox.home)
    if forged == "operator":
        forged = ["anna", "operator"]
    app = script(PAUSE, passwords, forged)
    assert "You are not signed in, or your session has ended; sign in first." in words(app)
    assert paused(empty_sandbox) == []


def test_a_session_does_not_outlast_its_hours(opened: Opened, empty_sandbox: Sandbox, passwords: Path) -> None:
    opened(empty_sandbox.home)
    mark = read_entries(passwords)["anna"].mark
    old = SignedIn("anna", mark, time() - LONGEST_SESSION - 1)
    assert "The action failed" in words(script(PAUSE, passwords, old))
    assert paused(empty_sandbox) == []


@pytest.mark.thorough
def test_a_session_ends_with_any_change_of_its_entry(opened: Opened, empty_sandbox: Sandbox, passwords: Path) -> None:
    changes = [entry("anna", "viewer", WORD), entry("anna", "operator", "another word or two")]
    for change in changes:
        app = signed_in(opened(empty_sandbox.home), "anna", WORD)
        assert [title.value for title in app.title] == ["Overview"]
        write_entry(passwords, change)
        assert [title.value for title in app.run().title] == ["Sign in"]
        write_entry(passwords, entry("anna", "operator", WORD))
    app = signed_in(opened(empty_sandbox.home), "victor")
    passwords.write_text("".join(f"{line}\n" for line in passwords.read_text().splitlines() if "victor" not in line))
    assert [title.value for title in app.run().title] == ["Sign in"]


def test_nothing_of_the_deployment_is_read_for_whoever_is_not_let_in(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path
) -> None:
    opened(empty_sandbox.home)
    for name, let_in in ((None, False), ("victor", True)):
        app = script("from console.app.queries import schedules\nschedules()", passwords, name)
        assert bool(app.exception) is not let_in


@pytest.mark.parametrize("damage", others_thorough(["open", "missing", "garbled"]))
def test_a_password_file_that_was_tampered_with_lets_nobody_in(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path, damage: str
) -> None:
    app = signed_in(opened(empty_sandbox.home), "anna")
    match damage:
        case "open":
            passwords.chmod(0o644)
        case "missing":
            passwords.unlink()
        case _:
            passwords.write_text("anna:operator:let-me-in\n")
    app.run()
    assert [title.value for title in app.title] == ["Access denied"]
    assert str(passwords) in words(app)
    opened(empty_sandbox.home)
    assert "The action failed" in words(script(PAUSE, passwords, SignedIn("anna", "", time())))
    assert paused(empty_sandbox) == []
