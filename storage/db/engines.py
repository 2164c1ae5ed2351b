"""SQLite and PostgreSQL as the ledger wants them: durable, one writer at a time, never waiting for ever."""

import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from storage.errors import StorageError, UsageError

# How long a writer waits for its turn; on SQLite by many short tries, for its own wait looks ever more rarely.
BUSY_MS, TRY_MS = 60_000, 4
IDLE_MS = 15_000  # silence after which PostgreSQL takes the turn from a writer that was stopped, well within a lease
WRITERS_TURN = 5_711_042_020_117  # the advisory lock of this ledger; any number that is always the same
# A server that vanished without a word is noticed within half a minute, a host that does not answer in five seconds.
PATIENT = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
WATCHFUL = {"tcp_user_timeout": 25_000, "application_name": "loanwatch"}


def engine_of(url: str) -> Engine:
    """The engine of a ledger's address; UsageError when it can't be one, StorageError when its folder can't be made."""
    try:
        address = make_url(url)
        # An @ in a password has to be written as %40; otherwise half of the password is taken for the host.
        if address.get_backend_name() == "postgresql" and "@" not in (address.host or ""):
            return _postgresql_engine(address)
        if address.get_backend_name() == "sqlite":
            return _sqlite_engine(address)
        why = "neither a file nor a host"
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        # The error's own text may show the password, so only its kind is told.
        why = type(error).__name__
    except OSError as error:
        raise StorageError(f"{error.filename} can't be made ({error.strerror}); choose another --home.") from error
    raise UsageError(
        f"LOANWATCH_LEDGER can't be used ({why}); give sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME "
        "(an @ in a password is written as %40)."
    )


def _postgresql_engine(address: URL) -> Engine:
    given = {name: value for name, value in {**PATIENT, **WATCHFUL}.items() if name not in address.query}
    engine = create_engine(address, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=given)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _sqlite_engine(address: URL) -> Engine:
    if not address.database:
        raise UsageError("The SQLite ledger needs a file, such as sqlite:///loanwatch-home/loanwatch.db.")
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def begun(engine: Engine, options: dict[str, Any]) -> Connection:
    """A connection whose transaction has begun; with the option `writes`, as the one writer that there is at a time."""
    connection = engine.connect().execution_options(**options)
    try:
        connection.begin()
    except BaseException:  # whatever it is, the connection goes back to its pool
        connection.close()
        raise
    return connection


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        # As on SQLite: one writer at a time, who waits for its turn, and loses it when it falls silent within it.
        connection.exec_driver_sql(
            f"SELECT set_config('lock_timeout', '{BUSY_MS}', true), "
            f"set_config('idle_in_transaction_session_timeout', '{IDLE_MS}', true), "
            f"pg_advisory_xact_lock({WRITERS_TURN})"
        )


def _configure_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes"):
        connection.exec_driver_sql("BEGIN")
        return
    deadline = time.monotonic() + BUSY_MS / 1000
    connection.exec_driver_sql(f"PRAGMA busy_timeout={TRY_MS}")
    try:
        while not _has_turn(connection, deadline):
            pass
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")


def _has_turn(connection: Connection, deadline: float) -> bool:
    """Whether a writer got SQLite's lock within one short try; after the deadline the refusal is raised."""
    try:
        # At once: a transaction that reads first and writes later could find the base changed.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        if not busy or time.monotonic() > deadline:
            raise
        return False
    return True
