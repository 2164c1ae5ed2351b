"""The ledger: the database of runs, versions, models and decisions, and the only thing that processes share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Row, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError

from storage.errors import StorageError, UsageError
from storage.schema import metadata

Clock = Callable[[], datetime]
Record = Row[*tuple[Any, ...]]
BUSY_MS = 60_000


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """Transactions on the ledger. `clock` is where every stored time comes from."""

    def __init__(self, url: str, clock: Clock = utc_now) -> None:
        self.url = url
        self.clock = clock
        self._engine = _engine(url)

    @property
    def place(self) -> str:
        """The address, with its password hidden."""
        return make_url(self.url).render_as_string(hide_password=True)

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def create(self) -> None:
        """Makes the tables that are not there yet."""
        with self.writing() as connection:
            metadata.create_all(connection)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the ledger throughout."""
        with self._explained(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it is durable when the block ends well, none of it otherwise."""
        with self._explained(), self._engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    def check(self) -> str:
        """The answer of the database's own integrity check (`ok` when all is well)."""
        with self.reading() as connection:
            found = connection.execute(text("PRAGMA integrity_check" if self.is_sqlite else "SELECT 'ok'"))
            return str(found.scalars().first()).splitlines()[0]

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # a rule of the schema said no; whoever wrote knows what that means
        except DBAPIError as error:
            why = str(error.orig).splitlines()[0]
            raise LedgerUnavailable(
                f"The ledger {self.place} can't be used ({why}); mend its address or permissions, or restore a backup."
            ) from error


class LedgerUnavailable(StorageError):
    """A ledger that can't be reached or refuses to answer."""

    retryable = True


def _engine(url: str) -> Engine:
    try:
        address = make_url(url)
        if address.get_backend_name() != "sqlite":
            return create_engine(address, pool_pre_ping=True)
        if not address.database:
            raise UsageError("The SQLite ledger needs a file, such as sqlite:///loanwatch-home/loanwatch.db.")
        folder = Path(address.database).parent
        folder.mkdir(parents=True, exist_ok=True)
        engine = create_engine(address, connect_args={"timeout": BUSY_MS / 1000, "check_same_thread": False})
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError, ValueError) as error:
        # The error's own text may show the password, so only its kind is told.
        raise UsageError(
            f"LOANWATCH_LEDGER can't be used ({type(error).__name__}); give sqlite:///FILE, "
            "or postgresql+psycopg://USER@HOST/NAME with psycopg installed."
        ) from error
    except OSError as error:
        raise StorageError(f"{error.filename} can't be made ({error.strerror}); choose another --home.") from error
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's signature
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not by the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a transaction that reads first and writes later could find the base changed.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")
