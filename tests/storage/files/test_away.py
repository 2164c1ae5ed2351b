"""Who waits for a store that is away is told so, once."""

import logging
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from storage.files.away import StorageAway, until_there
from tests.processes import DEADLINE, until

PLACE = "datamart/gold"


def test_a_store_that_is_waited_for_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as server, ThreadPoolExecutor(1) as pool:
        server.bind(("127.0.0.1", 0))  # it refuses connections until it listens
        address = server.getsockname()
        call = pool.submit(until_there, PLACE, DEADLINE, lambda: socket.create_connection(address).close())
        until(lambda: caplog.messages, "warning")
        server.listen()
        call.result(DEADLINE)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("loanwatch.storage", logging.WARNING)
    assert record.getMessage().startswith(f"{PLACE} can't be reached (")
    assert record.getMessage().endswith("Connection refused); it is tried again for up to 180 s.")


def test_a_short_absence_and_one_that_is_not_waited_for_are_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    failures = iter([ConnectionRefusedError(111, "Connection refused")])

    def fails_once() -> int:
        for failure in failures:
            raise failure
        return 7

    assert until_there(PLACE, DEADLINE, fails_once) == 7
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        address = server.getsockname()
        with pytest.raises(StorageAway, match="Connection refused"):
            until_there(PLACE, 0.2, lambda: socket.create_connection(address))
    assert caplog.messages == []
