"""Many threads of one process use the ledger at once, as the sessions of a console do."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from storage.db.ledger import Ledger, LedgerUnavailable
from storage.db.schema import logs

THREADS = 40


def test_as_many_sessions_as_a_console_has_read_at_once(ledger: Ledger) -> None:
    together = threading.Barrier(THREADS, timeout=10)

    def read(_: int) -> int:
        with ledger.reading() as connection:
            rows = connection.execute(select(logs)).all()
            together.wait()
        return len(rows)

    with ThreadPoolExecutor(THREADS) as pool:
        assert list(pool.map(read, range(THREADS))) == [0] * THREADS


def test_a_reader_that_gets_no_connection_is_told_so_in_a_sentence(ledger: Ledger) -> None:
    pool = ledger._engine.pool
    pool._timeout = 0.1
    held = [ledger._engine.connect() for _ in range(pool.size() + pool._max_overflow)]
    with (
        pytest.raises(LedgerUnavailable, match="every connection of this process was in use .*; try again"),
        ledger.reading(),
    ):
        pass
    for connection in held:
        connection.close()
