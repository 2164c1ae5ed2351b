"""What the web server takes from a browser for a sign-in, and what it refuses to read."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from console.access.web import LONGEST_TICKET, session
from tests.console.pages import forget
from tests.sandbox import Sandbox

PIECE = b"x" * LONGEST_TICKET
HEADERS = [(b"origin", b"http://console"), (b"host", b"console")]


def test_a_ticket_that_is_too_long_is_not_read_to_its_end(
    empty_sandbox: Sandbox, passwords: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOANWATCH_HOME", str(empty_sandbox.home))
    forget()
    read = 0

    async def endless() -> dict[str, Any]:
        nonlocal read
        read += 1
        assert read < 10
        return {"type": "http.request", "body": PIECE, "more_body": True}

    scope = {"type": "http", "method": "POST", "path": "/session", "headers": HEADERS}
    assert asyncio.run(session(Request(scope, endless))).status_code == 413
    assert read == 2
