"""SQLAlchemy engines for SQLite and PostgreSQL: durable commits, one writer at a time, every wait has a limit."""

import sqlite3
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from storage.db.interrupts import interrupt_if_waiting
from storage.errors import StorageError, UsageError

# How long a writer waits for the lock. On SQLite it makes many short tries; SQLite itself would try ever less often.
BUSY_MS, TRY_MS = 60_000, 4
IDLE_MS = 15_000  # PostgreSQL ends a writer that is idle this long; shorter than a lease, so that no lease runs out
WRITER_LOCK = 5_711_042_020_117  # the number of the ledger's advisory lock; it is arbitrary and never changes
# A lost connection is noticed within half a minute, a host that does not answer within five seconds.
CONNECTION = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "application_name": "loanwatch",
}

# Connections of one process: the console reads in a thread for each session. Over the kept ones, each is closed after
# its use. A thread waits for one before the process says that all are in use.
POOL = {"pool_size": 5, "max_overflow": 43, "pool_timeout": 30}


def engine_of(url: str) -> Engine:
    """The engine of a ledger's URL. Raises UsageError for a bad URL."""
    try:
        address = make_url(url)
        # An @ in a password has to be written as %40; otherwise a part of the password becomes the host.
        if address.get_backend_name() == "postgresql" and "@" not in (address.host or ""):
            return _postgresql_engine(address)
        if address.get_backend_name() == "sqlite":
            return _sqlite_engine(address)
        reason = "neither a file nor a host"
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        # The text of the error may contain the password, so only its type is shown.
        reason = type(error).__name__
    raise UsageError(
        f"LOANWATCH_LEDGER can't be used ({reason}); give sqlite:///FILE, or postgresql+psycopg://USER@HOST/NAME "
        "(an @ in a password is written as %40)."
    )


def has_place(url: str) -> bool:
    """Whether the file of a SQLite ledger exists; True for a ledger on a server."""
    address = make_url(url)
    return address.get_backend_name() != "sqlite" or Path(address.database or "").exists()


def make_place(url: str) -> None:
    """Makes the folder and the empty file of a SQLite ledger. Raises StorageError when they can't be made."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        file = Path(address.database or "")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        except OSError as error:
            raise StorageError(f"{error.filename} can't be made ({error.strerror}); choose another --home.") from error


def _postgresql_engine(address: URL) -> Engine:
    options = {name: value for name, value in CONNECTION.items() if name not in address.query}
    engine = create_engine(address, pool_pre_ping=True, isolation_level="READ COMMITTED", connect_args=options, **POOL)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _sqlite_engine(address: URL) -> Engine:
    if not address.database:
        raise UsageError("The SQLite ledger needs a file, such as sqlite:///loanwatch-home/loanwatch.db.")
    # Opened for reading and writing, but not made: `make_place` makes the file of a new ledger.
    file = f"file:{quote(str(Path(address.database).absolute()))}"
    address = address.set(database=file, query={**address.query, "mode": "rw", "uri": "true"})
    engine = create_engine(address, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False}, **POOL)
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def connection_of(engine: Engine, options: dict[str, Any]) -> Connection:
    """A connection in a new transaction. With the option `writes` the transaction has the writer's lock."""
    connection = engine.connect().execution_options(**options)
    try:
        connection.begin()
    except BaseException:  # the connection returns to its pool after every error
        connection.close()
        raise
    return connection


def _begin_postgresql(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        # One writer at a time, as on SQLite. It waits for the lock, and loses it when it is idle for too long.
        connection.exec_driver_sql(
            f"SELECT set_config('lock_timeout', '{BUSY_MS}', true), "
            f"set_config('idle_in_transaction_session_timeout', '{IDLE_MS}', true), "
            f"pg_advisory_xact_lock({WRITER_LOCK})"
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
        while not _begin_immediate(connection, deadline):
            interrupt_if_waiting()
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")


def _begin_immediate(connection: Connection, deadline: float) -> bool:
    """Whether a writer got SQLite's lock in one short try. Raises OperationalError after the deadline."""
    try:
        # With the lock from the start: another writer can't change what this transaction has read.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        busy = getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        if not busy or time.monotonic() > deadline:
            raise
        return False
    return True
