"""Who is let in and what they may do: real processes, real sessions, and everything that somebody could forge."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from streamlit import config
from streamlit.testing.v1 import AppTest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from console.access import policy, session
from console.access.rate_limit import RateLimit
from console.access.session import SIGNED_IN, Person, SignedIn
from engine.passwords import Entry, keep_entry, new_entry, read_entries
from storage.ledger.audit import ActionFilter, action_page
from storage.ledger.schedules import schedule_rows
from tests.console.live import answers, free_port
from tests.console.pages import Opened, words
from tests.console.wire import answer
from tests.paths import ROOT
from tests.processes import DEADLINE, until
from tests.sandbox import Sandbox

EVERYWHERE = "0.0.0.0"  # noqa: S104 - to be refused
WORD = "correct horse battery"
SECRET = "0123456789abcdef" * 2
PAUSE = """
from console.app.actions import attempted, pause
attempted(lambda person: pause(person, "inference", "because"))
"""


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_listened", set())
    monkeypatch.setattr(session, "_tries", RateLimit())


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], None]]:
    """Has Streamlit believe that it listens at an address."""
    before = config.get_option("server.address")
    yield lambda address: config.set_option("server.address", address)
    config.set_option("server.address", before)
    config.set_option("server.enableXsrfProtection", True)


@pytest.fixture
def passwords(empty_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A password file with an operator, anna, and a viewer, victor, which the console is told of."""
    path = empty_sandbox.home / "passwords"
    keep_entry(path, entry("anna", "operator", WORD))
    keep_entry(path, entry("victor", "viewer", WORD))
    monkeypatch.setenv("LOANWATCH_PASSWORDS", str(path))
    return path


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
    app = AppTest.from_string(text, default_timeout=20)
    if isinstance(who, str):
        who = SignedIn(who, read_entries(path)[who].mark, monotonic())
    if who is not None:
        app.session_state[SIGNED_IN] = who
    return app.run()


def paused(sandbox: Sandbox) -> list[str]:
    with sandbox.deployment.ledger.reading() as connection:
        return [row.pipeline for row in schedule_rows(connection) if row.paused_at is not None]


def noted(sandbox: Sandbox) -> list[tuple[str, str, str, str]]:
    with sandbox.deployment.ledger.reading() as connection:
        return [(row.who, row.action, row.subject, row.reason) for row in action_page(connection, ActionFilter(), 100)]


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


@pytest.mark.parametrize(("name", "password"), [("anna", "wrong horse"), ("nobody", WORD), ("", ""), (WORD, WORD)])
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
    assert "Too many tries have failed; try again in 1 s." in words(app)
    assert SIGNED_IN not in app.session_state
    assert [title.value for title in signed_in(app, "victor").title] == ["Overview"]


def test_a_viewer_is_refused_where_the_action_is_taken_and_an_operator_is_written_down(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path
) -> None:
    opened(empty_sandbox.home)
    app = script(PAUSE, passwords, "victor")
    assert "victor may look but not act; ask an operator of this deployment." in words(app)
    assert (paused(empty_sandbox), noted(empty_sandbox)) == ([], [])
    app = script(PAUSE, passwords, "anna")
    assert "The action failed" not in words(app)
    assert paused(empty_sandbox) == ["inference"]
    assert noted(empty_sandbox) == [("anna", "pause", "inference", "because")]


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "operator",
        {"name": "anna", "mark": "", "at": 0.0},
        Person("anna", "operator"),
        SignedIn("anna", "0" * 64, 1e12),
        SignedIn("nobody", "", 1e12),
    ],
    ids=["nothing", "text", "fields", "person", "wrong mark", "no such person"],
)
def test_a_session_that_did_not_come_from_the_form_is_refused(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path, forged: Any
) -> None:
    opened(empty_sandbox.home)
    if forged == "operator":
        forged = ["anna", "operator"]
    app = script(PAUSE, passwords, forged)
    assert "Nobody is signed in here, or not any more; sign in first." in words(app)
    assert paused(empty_sandbox) == []


def test_a_session_does_not_outlast_its_hours(opened: Opened, empty_sandbox: Sandbox, passwords: Path) -> None:
    opened(empty_sandbox.home)
    mark = read_entries(passwords)["anna"].mark
    old = SignedIn("anna", mark, monotonic() - session.LONGEST_SESSION - 1)
    assert "The action failed" in words(script(PAUSE, passwords, old))
    assert paused(empty_sandbox) == []


def test_a_session_ends_with_any_change_of_its_entry(opened: Opened, empty_sandbox: Sandbox, passwords: Path) -> None:
    changes = [entry("anna", "viewer", WORD), entry("anna", "operator", "another word or two")]
    for change in changes:
        app = signed_in(opened(empty_sandbox.home), "anna", WORD)
        assert [title.value for title in app.title] == ["Overview"]
        keep_entry(passwords, change)
        assert [title.value for title in app.run().title] == ["Sign in"]
        keep_entry(passwords, entry("anna", "operator", WORD))
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


@pytest.mark.parametrize("damage", ["open", "missing", "garbled"])
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
    assert "The action failed" in words(script(PAUSE, passwords, SignedIn("anna", "", monotonic())))
    assert paused(empty_sandbox) == []


@pytest.mark.parametrize("address", [EVERYWHERE, "::", None, "", "10.1.2.3", "console.example.org"])
def test_without_a_login_nothing_is_shown_to_others(
    opened: Opened, empty_sandbox: Sandbox, listening: Callable[[str | None], None], address: str | None
) -> None:
    listening(address)
    for page in ("overview", "audit"):
        app = opened(empty_sandbox.home, page)
        assert [title.value for title in app.title] == ["Access denied"]
        assert "without a login" in words(app)
    assert "The action failed" in words(script(PAUSE, Path()))
    assert paused(empty_sandbox) == []
    listening("127.0.0.1")  # an edited config.toml moves no socket
    assert [title.value for title in opened(empty_sandbox.home).title] == ["Access denied"]


@pytest.mark.parametrize("address", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_alone_needs_no_login(
    opened: Opened, empty_sandbox: Sandbox, listening: Callable[[str | None], None], address: str
) -> None:
    listening(address)
    assert [title.value for title in opened(empty_sandbox.home).title] == ["Overview"]


def test_a_login_without_protection_against_forged_requests_is_refused(
    opened: Opened, empty_sandbox: Sandbox, passwords: Path, listening: Callable[[str | None], None]
) -> None:
    listening(EVERYWHERE)
    assert [title.value for title in opened(empty_sandbox.home).title] == ["Sign in"]
    config.set_option("server.enableXsrfProtection", False)
    app = opened(empty_sandbox.home)
    assert [title.value for title in app.title] == ["Access denied"]
    assert "server.enableXsrfProtection" in words(app)


@contextmanager
def served(sandbox: Sandbox, *words: str, port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """A console that was started with `streamlit run` and answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port), *words],
        cwd=ROOT,
        env={**os.environ, "LOANWATCH_HOME": str(sandbox.home), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        until(lambda: process.poll() is not None or answers(f"http://127.0.0.1:{port}/_stcore/health"), "console")
        yield process
    finally:
        process.kill()
        process.communicate()


QUIET = ("--logger.hideWelcomeMessage", "true")  # which asks a public host for this machine's address


def test_a_bare_server_that_everybody_reaches_says_why_and_ends(empty_sandbox: Sandbox) -> None:
    port = free_port()
    with served(empty_sandbox, "--server.address", EVERYWHERE, *QUIET, port=port) as process:
        said = answer(port)
        assert said.says("Access denied")
        assert said.says(f"would listen on {EVERYWHERE} without a login")
        assert not said.says("Overview")
        told, _ = process.communicate(timeout=DEADLINE)
    assert told.count("without a login") == 1
    assert "Traceback" not in told


def test_what_a_browser_can_send_signs_nobody_in(empty_sandbox: Sandbox, passwords: Path) -> None:
    port = free_port()
    mark = read_entries(passwords)["anna"].mark
    forged = {SIGNED_IN: "anna", f"$$ID-{'0' * 32}-{SIGNED_IN}": mark, "sign-in-name": "anna", "sign-in-tries": "0"}
    query = f"{SIGNED_IN}=anna&name=anna&mark={mark}&role=operator"
    cookie = f"{SIGNED_IN}=anna; _streamlit_user=anna; name=anna; mark={mark}"
    with served(empty_sandbox, port=port):
        said = answer(port, query=query, widgets=forged, cookie=cookie)
    assert said.says("Sign in")
    assert not said.says("Overview")
    assert not said.says("anna, operator")


def test_a_providers_cookie_counts_only_when_it_is_signed_and_its_email_was_checked(
    empty_sandbox: Sandbox, tmp_path: Path
) -> None:
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "{origin}/oauth2callback"\ncookie_secret = "{SECRET}"\n'
        'client_id = "x"\nclient_secret = "x"\nserver_metadata_url = "https://login.invalid/"\n'
    )
    person = {"is_logged_in": True, "origin": origin, "sub": "s-1", "email": "Anna@example.org", "name": "anna"}

    def seen(secret: str, **claims: object) -> str:
        value = create_signed_value(secret, "_streamlit_user", json.dumps({**person, **claims})).decode()
        texts = answer(port, cookie=f"_streamlit_user={value}").texts
        return next((each for each in texts if ", operator<" in each or ", viewer<" in each), "") or "\n".join(texts)

    with served(
        empty_sandbox, "--secrets.files", str(secrets), port=port, LOANWATCH_OPERATORS="anna@example.org, s-2, anna"
    ):
        assert "Sign in" in seen("another secret of quite some length", email_verified=True)
        assert "Sign in" in seen(SECRET, origin="http://elsewhere.example")
        assert "Sign in" in seen(SECRET, is_logged_in=False)
        assert "anna@example.org, operator" in seen(SECRET, email_verified=True)
        assert "s-1, viewer" in seen(SECRET, email_verified=False)
        assert "s-1, viewer" in seen(SECRET)
        assert "s-2, operator" in seen(SECRET, sub="s-2")
        assert "ben@example.org, viewer" in seen(SECRET, email="ben@example.org", email_verified=True)


def test_a_cookie_secret_that_can_be_guessed_is_refused(empty_sandbox: Sandbox, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('[auth]\ncookie_secret = "xxx"\n')
    port = free_port()
    with served(empty_sandbox, "--secrets.files", str(secrets), port=port):
        said = answer(port)
    assert said.says("Access denied")
    assert said.says("could be guessed")


def test_a_console_without_a_login_answers_to_no_name_but_this_machines(empty_sandbox: Sandbox) -> None:
    port = free_port()
    with served(empty_sandbox, port=port):
        assert answer(port).says("Overview")
        said = answer(port, host="rebound.example")
        assert said.says("was asked for as rebound.example")
        assert not said.says("Overview")
