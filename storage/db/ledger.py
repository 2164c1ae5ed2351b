"""The ledger: the database of runs, versions, models and decisions. Processes share their state through it alone."""

import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Engine, Pool, Row, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from storage.db.engines import BUSY_MS, POOL, connection_of, engine_of, has_place, make_place
from storage.db.interrupts import uninterrupted
from storage.db.migrations.new import is_new, make_ledger
from storage.db.migrations.version import NEWEST, is_newest, no_ledger, refuse_other_versions, stored_version
from storage.db.schema import metadata
from storage.errors import StorageError
from storage.files.away import transaction

Clock = Callable[[], datetime]
LedgerRow = Row[*tuple[Any, ...]]
LOCK_TIMEOUT = "55P03"  # PostgreSQL's code of a lock that was waited for too long
DISK_ERRORS = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds between two tries to reach a server
RESTART_SECONDS = 20.0  # in which a server that restarts should be there again
# Parts of PostgreSQL's messages about a wrong address, for which libpq gives no code. A second try would not help.
WRONG_ADDRESS = ("authentication failed", "does not exist", "pg_hba.conf", "no password supplied", "permission denied")


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """Transactions on the ledger.

    `clock` is this host's clock; `now` gives the stored times. When the PostgreSQL server is unavailable, the start of
    a transaction is tried again for `retry_seconds`. A transaction that fails later is not tried again here: it may
    have been committed.
    A ledger that is garbage closes its connections, also without `close`.
    """

    def __init__(self, url: str, clock: Clock = utc_now, retry_seconds: float = 0.0) -> None:
        self.url = url
        self.clock = clock
        self.retry_seconds = retry_seconds
        self._engine = engine_of(url)
        self._closed_pools: list[Pool] = []
        weakref.finalize(self, _close_idle_connections, self._engine, self._closed_pools).atexit = False

    @property
    def address(self) -> str:
        """The URL with its password hidden."""
        address = make_url(self.url)
        if "password" in address.query:
            address = address.update_query_dict({"password": "***"})
        return address.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def now(self, connection: Connection) -> datetime:
        """The time that all hosts agree on, UTC: of the PostgreSQL server's clock, or of this host's for SQLite.

        Leases, heartbeats and waiting times are counted with it, because the clocks of hosts differ.
        """
        if self.is_sqlite:
            return self.clock()
        now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        return now.astimezone(UTC)

    def prepare(self) -> list[str]:
        """Makes the ledger or migrates it to the newest schema. Returns the versions that were applied.

        Only one of several processes does it. Raises LedgerTooNew when a later release has migrated the ledger, and
        StorageError when its folder can't be made.
        """
        make_place(self.url)
        with self.reading() as connection:
            if is_newest(connection, self.address):
                return []
        with self.writing() as connection:
            if is_new(connection):
                return make_ledger(connection)
        migrations = import_module("storage.db.migrations.apply")  # imports Alembic, which is slow and seldom needed
        with self.writing() as connection:
            return [] if is_newest(connection, self.address) else list(migrations.upgrade(connection))

    def refuse_unprepared(self) -> None:
        """Raises NoLedger, LedgerTooOld or LedgerTooNew unless the ledger has the schema of this release.

        It changes nothing, and makes no file.
        """
        if not has_place(self.url):
            raise no_ledger(self.address)
        with self.reading() as connection:
            refuse_other_versions(connection, self.address)

    def version(self) -> tuple[str | None, str]:
        """(the schema version of the ledger, the newest version of this release)."""
        with self.reading() as connection:
            return stored_version(connection), NEWEST

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction in which every query reads the same state of the ledger."""
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._storage_errors(), self._begun(snapshot) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes. It is committed durably when the block ends, and rolled back after an error.

        There is one writer at a time, so ids are in the order of the commits. A signal interrupts after the block.
        """
        with (
            uninterrupted(),
            self._storage_errors(),
            self._begun({"writes": True}) as connection,
            connection.get_transaction(),  # type: ignore[union-attr]
            transaction(),
        ):
            yield connection

    def check(self) -> str:
        """`ok`, or the first problem of the ledger.

        On SQLite this is the result of its integrity check. PostgreSQL has none, so every table is queried for all its
        columns; LedgerUnavailable is raised when one can't be read.
        """
        with self.reading() as connection:
            if self.is_sqlite:
                return str(connection.execute(text("PRAGMA integrity_check")).scalars().first()).splitlines()[0]
            for table in metadata.sorted_tables:
                connection.execute(select(table).limit(1)).first()
        return "ok"

    def close(self) -> None:
        """Closes the connections. One that a thread still uses, or opens later, is closed when its transaction ends."""
        event.listen(self._engine.pool, "checkin", lambda _, returned: returned.invalidate())
        self._closed_pools.append(self._engine.pool)
        self._engine.dispose()

    def _begun(self, options: dict[str, Any]) -> Connection:
        """A connection in a new transaction. It is tried again for `retry_seconds` while the server is unavailable."""
        deadline, pause = time.monotonic() + self.retry_seconds, FIRST_PAUSE
        while True:
            try:
                return connection_of(self._engine, options)
            except DBAPIError as error:
                if not self._is_unavailable(error) or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _is_unavailable(self, error: DBAPIError) -> bool:
        """Whether a PostgreSQL server is down, starting, stopping or full, so that a second try may succeed."""
        code = getattr(error.orig, "sqlstate", None) or ""
        if self.is_sqlite or any(part in str(error.orig) for part in WRONG_ADDRESS):
            return False
        lost = isinstance(error, OperationalError) and (not code or code == "53300" or code[:2] in ("08", "57"))
        return error.connection_invalidated or lost

    @contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # a constraint of the schema was violated; the caller handles it
        except DataError as error:
            raise StorageError(
                f"The ledger {self.address} can't store a value ({self._message(error)}); shorten or correct it."
            ) from error
        except DBAPIError as error:
            raise LedgerUnavailable(f"The ledger {self.address} can't be used ({self._advice(error)}.") from error
        except PoolTimeout as error:
            raise LedgerUnavailable(
                f"The ledger {self.address} can't be used now (every connection of this process was in use for "
                f"{POOL['pool_timeout']} s); try again."
            ) from error

    def _advice(self, error: DBAPIError) -> str:
        """What is wrong, a closing parenthesis, and what to do."""
        if "database is locked" in str(error.orig) or getattr(error.orig, "sqlstate", None) == LOCK_TIMEOUT:
            return f"another process has been writing for {BUSY_MS // 1000} s); end that process or try again"
        if self._is_unavailable(error):
            return f"{self._message(error)}); start the server or correct LOANWATCH_LEDGER"
        if self.is_sqlite and getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in DISK_ERRORS:
            return f"{self._message(error)}); free space or repair the disk"
        if self.is_sqlite:
            return f"{self._message(error)}); correct its address or permissions, or restore a backup"
        advice = "correct LOANWATCH_LEDGER or PGPASSWORD, or the server's roles, databases and permissions"
        return f"{self._message(error)}); {advice}"

    def _message(self, error: DBAPIError) -> str:
        """The database's message, in one line and without the password."""
        message = " ".join(str(error.orig).split())[:300].rstrip(".")
        password = make_url(self.url).password
        return message.replace(password, "***") if password else message


def _close_idle_connections(engine: Engine, closed: Sequence[Pool]) -> None:
    """Closes what is idle in the pool of an engine, and what came back to a pool in the moment when it was closed."""
    engine.dispose()
    for pool in closed:
        pool.dispose()


class LedgerUnavailable(StorageError):
    """The ledger can't be reached, or the database reports an error."""

    retryable = True
