"""The ledger: the database of runs, versions, models and decisions, and the only thing that processes share."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from storage.db.engines import BUSY_MS, begun, engine_of
from storage.db.migrations.version import NEWEST, is_newest, stored_version
from storage.errors import StorageError

Clock = Callable[[], datetime]
LedgerRow = Row[*tuple[Any, ...]]
TURN_NOT_COME = "55P03"  # PostgreSQL's code of a lock that was waited for too long
NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0  # seconds between two tries to reach a server
# What PostgreSQL says of a wrong address; libpq gives no code for it. Waiting would not help.
WRONG_ADDRESS = ("authentication failed", "does not exist", "pg_hba.conf", "no password supplied", "permission denied")


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """Transactions on the ledger.

    `clock` is where every stored time comes from. `patience` is for how many seconds a transaction that can't begin
    because the PostgreSQL server is away is tried again. One that breaks later is never tried again here: nobody knows
    what became of it.
    """

    def __init__(self, url: str, clock: Clock = utc_now, patience: float = 0.0) -> None:
        self.url = url
        self.clock = clock
        self.patience = patience
        self._engine = engine_of(url)

    @property
    def place(self) -> str:
        """The address, with its password hidden."""
        address = make_url(self.url)
        if "password" in address.query:
            address = address.update_query_dict({"password": "***"})
        return address.render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def prepare(self) -> None:
        """Brings the schema to the newest version, once however many processes ask; LedgerTooNew if it is beyond it."""
        with self.reading() as connection:
            if is_newest(connection, self.place):
                return
        migrations = import_module("storage.db.migrations.apply")  # Alembic, which no other start has to pay for
        with self.writing() as connection:
            if not is_newest(connection, self.place):
                migrations.upgrade(connection)

    def version(self) -> tuple[str | None, str]:
        """The schema version that the ledger has, and the newest that is known here."""
        with self.reading() as connection:
            return stored_version(connection), NEWEST

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger throughout."""
        snapshot = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._explained(), self._begun(snapshot) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it is durable when the block ends well, none of it otherwise.

        There is one writer at a time, so that ids come in the order of the commits.
        """
        with self._explained(), self._begun({"writes": True}) as connection, connection.get_transaction():  # type: ignore[union-attr]
            yield connection

    def check(self) -> str:
        """The answer of the database's own integrity check (`ok` when all is well)."""
        with self.reading() as connection:
            found = connection.execute(text("PRAGMA integrity_check" if self.is_sqlite else "SELECT 'ok'"))
            return str(found.scalars().first()).splitlines()[0]

    def close(self) -> None:
        self._engine.dispose()

    def _begun(self, options: dict[str, Any]) -> Connection:
        """A connection in a transaction, after as many tries as patience allows."""
        deadline, pause = time.monotonic() + self.patience, FIRST_PAUSE
        while True:
            try:
                return begun(self._engine, options)
            except DBAPIError as error:
                if not self._is_away(error) or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _is_away(self, error: DBAPIError) -> bool:
        """Whether a PostgreSQL server is down, starting, stopping or full, which may pass."""
        code = getattr(error.orig, "sqlstate", None) or ""
        if self.is_sqlite or any(told in str(error.orig) for told in WRONG_ADDRESS):
            return False
        lost = isinstance(error, OperationalError) and (not code or code == "53300" or code[:2] in ("08", "57"))
        return error.connection_invalidated or lost

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # a rule of the schema said no; whoever wrote knows what that means
        except DataError as error:
            raise StorageError(
                f"The ledger {self.place} can't hold a value ({self._why(error)}); shorten or mend it."
            ) from error
        except DBAPIError as error:
            raise LedgerUnavailable(f"The ledger {self.place} can't be used ({self._complaint(error)}.") from error

    def _complaint(self, error: DBAPIError) -> str:
        """What is wrong, a closing parenthesis, and what to do."""
        if "database is locked" in str(error.orig) or getattr(error.orig, "sqlstate", None) == TURN_NOT_COME:
            return f"another process has been writing for {BUSY_MS // 1000} s); end that process or try again"
        if self._is_away(error):
            return f"{self._why(error)}); start it or mend LOANWATCH_LEDGER"
        if self.is_sqlite and getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in NO_ROOM:
            return f"{self._why(error)}); free space or mend the disk"
        if self.is_sqlite:
            return f"{self._why(error)}); mend its address or permissions, or restore a backup"
        return f"{self._why(error)}); mend LOANWATCH_LEDGER, or the server's roles, databases and rights"

    def _why(self, error: DBAPIError) -> str:
        """What the database says, in one line and without the password."""
        told = " ".join(str(error.orig).split())[:300].rstrip(".")
        password = make_url(self.url).password
        return told.replace(password, "***") if password else told


class LedgerUnavailable(StorageError):
    """A ledger that can't be reached or refuses to answer."""

    retryable = True
