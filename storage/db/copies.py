"""Copies of a ledger as one SQLite file, whichever database it is on, and such a copy put into another database.

A copy is a snapshot: all that was committed at one moment, while others write.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Engine,
    MetaData,
    NullPool,
    Table,
    Text,
    bindparam,
    cast,
    create_engine,
    delete,
    event,
    func,
    insert,
    inspect,
    select,
    type_coerce,
    update,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError
from sqlalchemy.types import TypeDecorator

from storage.db.engines import BUSY_MS
from storage.db.ledger import Ledger
from storage.db.migrations import apply
from storage.db.migrations.version import is_newest, stored_version
from storage.errors import StorageError
from storage.files.durable import CantWrite

VERSION = "alembic_version"
PAGES = 2048  # of SQLite's pages between two reports of the progress
ROWS = 1000  # that are in memory at once
Progress = Callable[[int, int], None]  # (done, total)


class BadCopy(StorageError):
    """A file is no copy of a ledger."""

    exit_code = 3


class JsonText(TypeDecorator[str]):
    """A JSON column of PostgreSQL as its text: JSON's null stays apart from SQL's, a number keeps its digits."""

    impl = Text
    cache_ok = True

    def bind_expression(self, bindvalue: Any) -> Any:
        return cast(type_coerce(bindvalue, Text), JSON)

    def column_expression(self, column: Any) -> Any:
        return cast(column, Text)


def has_ledger(ledger: Ledger) -> bool:
    """Whether a ledger has its tables. Makes nothing: a SQLite file that is missing stays so."""
    database = make_url(ledger.url).database
    if ledger.is_sqlite and not Path(database or "").is_file():
        return False
    with ledger.reading() as connection:
        return inspect(connection).has_table("runs")


def copy_ledger(ledger: Ledger, path: Path, progress: Progress) -> None:
    """Writes a snapshot of the ledger to the new file `path`, with the schema that the ledger has.

    Raises LedgerTooNew for a schema that this release does not know, CantWrite when the disk is full.
    """
    with ledger.reading() as connection:
        is_newest(connection, ledger.address)
    try:
        if ledger.is_sqlite:
            _copy_sqlite(make_url(ledger.url).database or "", path, progress)
        else:
            _copy_postgresql(ledger, path, progress)
        with closing(sqlite3.connect(path)) as copied:
            copied.execute("PRAGMA journal_mode=DELETE")  # one file, which can be read where nothing can be written
    except (sqlite3.Error, DatabaseError) as error:
        if isinstance(error, DatabaseError) and not isinstance(error.orig, sqlite3.Error):
            raise
        raise CantWrite(str(path), OSError(str(getattr(error, "orig", error)))) from error


@contextmanager
def opened_copy(path: Path) -> Iterator[Connection]:
    """A transaction that reads a copy and changes nothing beside it. Raises BadCopy for a file that is none."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro&immutable=1"
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(address, uri=True), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            answer = connection.exec_driver_sql("PRAGMA integrity_check").scalars().first()
            if answer != "ok" or not inspect(connection).has_table("runs"):
                raise BadCopy(f"{path} is no intact copy of a ledger ({answer}); take another backup.")
            yield connection
    except DatabaseError as error:
        raise BadCopy(f"{path} is no copy of a ledger ({error.orig}); take another backup.") from error


def is_unused(connection: Connection) -> bool:
    """Whether a ledger has no tables, or nothing in them but what the migrations wrote."""
    inspector = inspect(connection)
    named = [name for name in ("runs", "actions", "models", "table_versions", "processes") if inspector.has_table(name)]
    tables = [Table(name, MetaData(), autoload_with=connection) for name in named]
    return all(connection.execute(select(1).select_from(table).limit(1)).first() is None for table in tables)


def put_copy(path: Path, connection: Connection) -> None:
    """Puts all rows of a copy of the newest schema into an unused ledger on PostgreSQL, within the transaction."""
    apply.upgrade(connection)
    with opened_copy(path) as source:
        tables = _tables(source)
        for table in reversed(tables):  # what the migrations wrote is in the copy, with the values that count
            connection.execute(delete(table))
        for table in tables:
            _put_table(source, table, connection)


def _copy_sqlite(database: str, path: Path, progress: Progress) -> None:
    with (
        closing(sqlite3.connect(database, timeout=BUSY_MS / 1000)) as source,
        closing(sqlite3.connect(path)) as target,
    ):
        # The open transaction keeps its snapshot: without it, each write of another process would begin the copy anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(target, pages=PAGES, progress=lambda _, left, total: progress(total - left, total))


def _copy_postgresql(ledger: Ledger, path: Path, progress: Progress) -> None:
    engine = _file_engine(path)
    with ledger.reading() as source, engine.begin() as target:
        apply.upgrade(target, stored_version(source) or apply.FIRST_RELEASE)
        tables = _tables(target)
        for done, table in enumerate(tables):
            progress(done, len(tables))
            target.execute(delete(table))
            rows = source.execution_options(yield_per=ROWS).execute(select(_on_postgresql(table)))
            for some in rows.mappings().partitions(ROWS):
                target.execute(insert(_as_text(table)), [dict(row) for row in some])
    engine.dispose()


def _put_table(source: Connection, table: Table, target: Connection) -> None:
    """Copies a table. Its references to itself come last, so that the order of its rows does not matter."""
    own = [column.name for column in table.columns if any(key.column.table is table for key in column.foreign_keys)]
    into, held = _on_postgresql(table), []
    for some in source.execute(select(_as_text(table))).mappings().partitions(ROWS):
        rows = [dict(row) for row in some]
        held += [
            {f"own_{name}": row[name] for name in (*own, *_key(table))} for row in rows if any(row[n] for n in own)
        ]
        target.execute(insert(into), [row | dict.fromkeys(own) for row in rows])
    if held:
        same = [into.c[name] == bindparam(f"own_{name}") for name in _key(table)]
        target.execute(update(into).where(*same).values({name: bindparam(f"own_{name}") for name in own}), held)
    for column in table.primary_key.columns:
        if column.type.python_type is int:
            counter = func.pg_get_serial_sequence(table.name, column.name)
            newest = select(func.max(into.c[column.name])).scalar_subquery()
            target.execute(select(func.setval(counter, func.coalesce(newest, 1), newest.is_not(None))))


def _tables(connection: Connection) -> list[Table]:
    """The ledger's tables as a SQLite copy has them, those that others refer to first."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name != VERSION]


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _as_text(table: Table) -> Table:
    """The table on SQLite, whose JSON is text."""
    return _typed(table, Text())


def _on_postgresql(table: Table) -> Table:
    return _typed(table, JsonText())


def _typed(table: Table, json: Any) -> Table:
    columns = [Column(each.name, json if isinstance(each.type, JSON) else _plain(each.type)) for each in table.columns]
    return Table(table.name, MetaData(), *columns)


def _plain(kind: Any) -> Any:
    return Boolean() if isinstance(kind, Boolean) else kind


def _file_engine(path: Path) -> Engine:
    """An engine for a new SQLite file that checks no references: rows come in any order."""
    engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(path), poolclass=NullPool)

    def by_hand(connection: Any, record: object) -> None:  # noqa: ARG001 - SQLAlchemy's signature
        connection.isolation_level = None  # transactions are begun below, also around the statements that make tables

    event.listen(engine, "connect", by_hand)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    return engine
