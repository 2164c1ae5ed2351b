"""Which addresses other machines reach, and how a browser is sent to one."""

import socket
from contextlib import closing

import pytest

from engine.process.addresses import is_loopback, is_taken, web_address


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", "localhost", "LOCALHOST"])
def test_only_this_machine_reaches_these(address: str) -> None:
    assert is_loopback(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "0",
        "0.0.0.0",  # noqa: S104 - only looked at
        "::",
        "10.0.0.5",
        "::ffff:10.0.0.5",
        "console.example.org",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "127.0.0.1 ",
        "unix:///tmp/socket",
    ],
)
def test_others_may_reach_these(address: str) -> None:
    assert not is_loopback(address)


def test_a_browser_is_sent_where_it_can_go() -> None:
    assert web_address("127.0.0.1", 8501) == "http://127.0.0.1:8501"
    assert web_address("::1", 8501) == "http://[::1]:8501"
    assert web_address("0.0.0.0", 8501) == f"http://{socket.gethostname()}:8501"  # noqa: S104


def test_a_port_is_taken_while_somebody_listens() -> None:
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        other.listen()
        assert is_taken("127.0.0.1", port)
    assert not is_taken("127.0.0.1", port)
    with pytest.raises(OSError, match="assign"):
        is_taken("203.0.113.7", port)
