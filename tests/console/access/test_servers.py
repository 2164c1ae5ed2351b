"""Who is let in by a real server: what a browser can send, and what a provider vouches for."""

import json
from pathlib import Path

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from console.access.session import SIGNED_IN
from engine.passwords import read_entries
from tests.console.access.servers import EVERYWHERE, served
from tests.console.live import free_port
from tests.console.wire import answer, status
from tests.processes import DEADLINE
from tests.sandbox import Sandbox

SECRET = "0123456789abcdef" * 2
SECRETS = ("another secret of quite some length", SECRET)
QUIET = ("--logger.hideWelcomeMessage", "true")  # which asks a public host for this machine's address


@pytest.mark.thorough
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


@pytest.mark.thorough
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


@pytest.mark.thorough
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
        assert "Sign in" in seen(SECRETS[0], email_verified=True)
        assert "Sign in" in seen(SECRET, origin="http://elsewhere.example")
        assert "Sign in" in seen(SECRET, is_logged_in=False)
        assert "anna@example.org, operator" in seen(SECRET, email_verified=True)
        assert "s-1, viewer" in seen(SECRET, email_verified=False)
        assert "s-1, viewer" in seen(SECRET)
        assert "s-2, operator" in seen(SECRET, sub="s-2")
        assert "ben@example.org, viewer" in seen(SECRET, email="ben@example.org", email_verified=True)
        signed = {
            secret: create_signed_value(secret, "_streamlit_user", json.dumps(person)).decode() for secret in SECRETS
        }
        files = [status(f"{origin}/media/x", cookie=f"_streamlit_user={each}") for each in ("", *signed.values())]
        assert files == [403, 403, 404]


@pytest.mark.thorough
def test_a_cookie_secret_that_can_be_guessed_is_refused(empty_sandbox: Sandbox, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('[auth]\ncookie_secret = "xxx"\n')
    port = free_port()
    with served(empty_sandbox, "--secrets.files", str(secrets), port=port):
        said = answer(port)
    assert said.says("Access denied")
    assert said.says("could be guessed")


@pytest.mark.thorough
def test_a_console_without_a_login_answers_to_no_name_but_this_machines(empty_sandbox: Sandbox) -> None:
    port = free_port()
    with served(empty_sandbox, port=port):
        assert answer(port).says("Overview")
        said = answer(port, host="rebound.example")
        assert said.says("was opened as rebound.example")
        assert not said.says("Overview")
        files = [status(f"http://127.0.0.1:{port}/media/x", Host=host) for host in ("localhost", "rebound.example")]
        assert files == [404, 403]
