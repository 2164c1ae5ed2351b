"""The ledger on PostgreSQL: one writer at a time, servers that go away and come back, addresses that are wrong."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest
from sqlalchemy import insert, select, text

import storage.db.engines
from storage.db.ledger import Ledger, LedgerUnavailable, utc_now
from storage.db.schema import logs
from storage.errors import StorageError
from tests.databases import postgresql_only
from tests.postgres import Postgres, running_postgres
from tests.processes import DEADLINE, until

pytestmark = pytest.mark.thorough

SECRET = "geheim"  # noqa: S105 - of nobody


@pytest.fixture(scope="module")
def own_server() -> Iterator[Postgres]:
    """A server to stop and start as one likes."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def own_ledger(own_server: Postgres) -> Iterator[Ledger]:
    """A patient ledger on that server."""
    with own_server.database() as name:
        opened = Ledger(own_server.url(name), retry_seconds=60.0)
        opened.prepare()
        yield opened
        opened.close()


def write(ledger: Ledger, message: str) -> None:
    with ledger.writing() as connection:
        row = {"run_id": "r", "task": "t", "at": utc_now(), "level": "INFO", "message": message}
        connection.execute(insert(logs).values(row))


def messages(ledger: Ledger) -> list[str]:
    with ledger.reading() as connection:
        return list(connection.execute(select(logs.c.message).order_by(logs.c.log_id)).scalars())


def awaited(server: Postgres, number: int) -> None:
    """Returns once so many writers wait for their turn."""
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    until(lambda: server.execute(query) == [(number,)], f"{number} waiting writers")


@postgresql_only
def test_writers_take_turns_so_that_ids_come_in_the_order_of_commits(ledger: Ledger, postgres: Postgres) -> None:
    with ThreadPoolExecutor(1) as other:
        with ledger.writing() as connection:
            later = other.submit(write, ledger, "later")
            awaited(postgres, 1)
            row = {"run_id": "r", "task": "t", "at": utc_now(), "level": "INFO", "message": "first"}
            connection.execute(insert(logs).values(row))
        later.result(30)
    assert messages(ledger) == ["first", "later"]


@postgresql_only
def test_the_check_reports_a_table_that_can_not_be_read(ledger: Ledger) -> None:
    assert ledger.check() == "ok"
    with ledger.writing() as connection:
        connection.execute(text("ALTER TABLE logs DROP COLUMN message"))
    with pytest.raises(LedgerUnavailable, match="logs.message"):
        ledger.check()


@postgresql_only
def test_a_reader_can_not_write(ledger: Ledger) -> None:
    with pytest.raises(LedgerUnavailable, match="read-only transaction"), ledger.reading() as connection:
        connection.execute(logs.delete())


@postgresql_only
def test_a_writer_that_falls_silent_loses_its_turn(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.db.engines, "IDLE_MS", 300)
    with pytest.raises(LedgerUnavailable), ledger.writing() as connection:
        connection.execute(logs.delete())
        write(ledger, "another's")  # waits until the server has had enough of the silence
        connection.execute(logs.delete())
    assert messages(ledger) == ["another's"]


@postgresql_only
@pytest.mark.parametrize("level", ["a\0b", "x" * 41])
def test_a_value_that_can_not_be_stored_is_one_sentence(ledger: Ledger, level: str) -> None:
    row = {"run_id": "r", "task": "t", "at": utc_now(), "level": level, "message": "m"}
    with (
        pytest.raises(StorageError, match="can't store a value .* shorten or correct it"),
        ledger.writing() as connection,
    ):
        connection.execute(insert(logs).values(row))


def test_a_restarted_server_is_not_noticed_by_the_next_transaction(own_server: Postgres, own_ledger: Ledger) -> None:
    write(own_ledger, "before")
    impatient = Ledger(own_ledger.url)
    assert messages(impatient) == ["before"]
    own_server.control("restart", "-m", "immediate")
    write(own_ledger, "after")
    assert messages(own_ledger) == messages(impatient) == ["before", "after"]
    impatient.close()


def test_a_server_that_is_down_is_waited_for(own_server: Postgres, own_ledger: Ledger) -> None:
    impatient = Ledger(own_ledger.url)
    assert messages(impatient) == []
    own_server.control("stop", "-m", "immediate")
    with ThreadPoolExecutor(8) as others:
        waiting = [others.submit(write, own_ledger, f"{number}") for number in range(8)]
        for act in (messages, Ledger.prepare, Ledger.check, Ledger.version):
            with pytest.raises(
                LedgerUnavailable, match="can't be used .*; start the server or correct LOANWATCH_LEDGER"
            ) as away:
                act(impatient)
            assert away.value.retryable
        assert not any(future.done() for future in waiting)
        own_server.control("start")
        for future in waiting:
            future.result(60)
    assert sorted(messages(impatient)) == [f"{number}" for number in range(8)]
    impatient.close()


def test_a_transaction_that_breaks_is_not_tried_again(own_server: Postgres, own_ledger: Ledger) -> None:
    write(own_ledger, "acknowledged")
    row = {"run_id": "r", "task": "t", "at": utc_now(), "level": "INFO", "message": "lost"}
    with pytest.raises(LedgerUnavailable, match="start the server or correct"), own_ledger.writing() as connection:
        connection.execute(insert(logs).values(row))
        own_server.control("restart", "-m", "immediate")
        connection.execute(insert(logs).values(row))
    with pytest.raises(LedgerUnavailable), own_ledger.writing() as connection:
        connection.execute(insert(logs).values(row))
        own_server.control("restart", "-m", "immediate")  # noticed by nothing but the commit
    assert messages(own_ledger) == ["acknowledged"]


@pytest.mark.parametrize(
    ("user", "database", "told"),
    [
        ("nobody", "postgres", 'role "nobody" does not exist'),
        ("loanwatch", "nothing", 'database "nothing" does not exist'),
        ("guarded", "postgres", "no password supplied"),
        (f"guarded:{SECRET}", "postgres", "password authentication failed"),
    ],
)
def test_a_wrong_address_is_told_at_once(own_server: Postgres, user: str, database: str, told: str) -> None:
    own_server.execute("DROP ROLE IF EXISTS guarded")
    own_server.execute("CREATE ROLE guarded LOGIN PASSWORD 'another'")
    wrong = Ledger(own_server.url(database, user), retry_seconds=2 * DEADLINE)
    begun = monotonic()
    with pytest.raises(
        LedgerUnavailable, match=f"{told}.*; correct LOANWATCH_LEDGER or PGPASSWORD, or the server's roles"
    ) as refused:
        wrong.prepare()
    assert monotonic() - begun < DEADLINE
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_host_that_does_not_answer_hangs_nobody() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_ledger = Ledger(f"postgresql+psycopg://me:{SECRET}@127.0.0.1:{silent.getsockname()[1]}/x")
        with pytest.raises(LedgerUnavailable, match="start the server or correct LOANWATCH_LEDGER") as away:
            silent_ledger.prepare()
        assert SECRET not in str(away.value)


def test_a_password_is_not_shown_wherever_it_stands() -> None:
    assert SECRET not in Ledger(f"postgresql://me:{SECRET}@host/x").address
    assert SECRET not in Ledger(f"postgresql://me@host/x?password={SECRET}").address
