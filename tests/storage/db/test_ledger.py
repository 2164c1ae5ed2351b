"""The ledger: its database, its transactions, and the addresses that it refuses."""

import gc
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

import storage.db.engines
import storage.db.ledger
from storage.db.ledger import Ledger, LedgerUnavailable
from storage.db.schema import logs
from storage.errors import StorageError, UsageError
from storage.ledger.runs import Request, request_run
from storage.ledger.tasks import LogLine, add_logs, log_rows
from tests.databases import sqlite_only
from tests.storage.ledger.made import NOW


@sqlite_only
def test_sqlite_writes_ahead_and_waits_for_the_disk(ledger: Ledger) -> None:
    with ledger.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
    assert ledger.check() == "ok"


def test_a_failed_block_writes_nothing(ledger: Ledger) -> None:
    with pytest.raises(RuntimeError), ledger.writing() as connection:
        request_run(connection, Request("training", date(2024, 5, 3), "x"), NOW)
        raise RuntimeError
    with ledger.reading() as connection:
        assert connection.execute(select(logs)).all() == []


def test_a_reader_sees_one_state_throughout(ledger: Ledger) -> None:
    with ledger.reading() as reader:
        assert reader.execute(select(logs)).all() == []
        with ledger.writing() as writer:
            add_logs(writer, "r", [LogLine("t", NOW, "INFO", "hello")])
        assert reader.execute(select(logs)).all() == []
    with ledger.reading() as reader:
        (row,) = log_rows(reader, "r")
    assert (row.at, row.message) == (NOW, "hello")


def test_a_connection_in_use_is_closed_when_its_transaction_ends(ledger_url: str) -> None:
    ledger = Ledger(ledger_url)
    with ledger.reading() as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        ledger.close()
        assert connection.execute(select(1)).scalar() == 1
    with pytest.raises(Exception, match="closed"):
        driver.cursor().execute("SELECT 1")


@pytest.mark.parametrize("closed", [False, True], ids=["not-closed", "closed-meanwhile"])
def test_a_ledger_that_is_garbage_has_no_open_connection(ledger_url: str, closed: bool) -> None:
    ledger = Ledger(ledger_url)
    with ledger.reading() as connection:
        driver = connection.connection.dbapi_connection
    assert driver is not None
    if closed:  # in the moment in which a thread gives its connection back
        pool = ledger._engine.pool
        returned = pool._do_get()
        ledger.close()
        pool._do_return_conn(returned)
        del pool, returned
    del ledger
    gc.collect()
    with pytest.raises(Exception, match="closed"):
        driver.cursor().execute("SELECT 1")


def test_a_writer_whose_turn_does_not_come_is_told_so(ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (storage.db.engines, storage.db.ledger):  # the one waits, the other tells for how long
        monkeypatch.setattr(module, "BUSY_MS", 1000)
    holding, waiting = Ledger(ledger_url), Ledger(ledger_url)
    holding.prepare()
    told = r"another process has been writing for 1 s\); end that process or try again\.$"
    with holding.writing(), pytest.raises(LedgerUnavailable, match=told), waiting.writing():
        pass
    with waiting.writing():
        pass
    holding.close()
    waiting.close()


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "oracle9://x", "mysql://x", "postgresql://me:p@ss@host/x"])
def test_an_address_that_can_not_be_right_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="SQLite ledger needs|LOANWATCH_LEDGER can't be used"):
        Ledger(url)


def test_a_file_that_is_no_ledger_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "loanwatch.db"
    file.write_bytes(b"not a database at all" * 100)
    broken = Ledger(f"sqlite:///{file}")
    with pytest.raises(StorageError, match="can't be used .*not a database"):
        broken.prepare()
    broken.close()
