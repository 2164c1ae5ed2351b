"""What a version of a table was made from, down to the extracts as received, within the caller's transaction.

A version whose files were removed still has its row, so the answer outlives the files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from storage.db.ledger import LedgerRow
from storage.db.schema import table_versions
from storage.lake.names import is_table_name


@dataclass(frozen=True)
class Ancestor:
    """A version of a table and what it was made from.

    `files` are extracts by path with the SHA-256 of the bytes as received; `lost` are tables by name with the digest
    of a version that this ledger does not know.
    """

    table: str
    version: str
    digest: str
    rows: int
    run_id: str
    created_at: datetime
    removed_at: datetime | None
    files: Mapping[str, str]
    made_from: tuple["Ancestor", ...]
    lost: Mapping[str, str]

    def extracts(self) -> dict[str, str]:
        """All extracts behind this version, by path, with their SHA-256."""
        found = dict(self.files)
        for source in self.made_from:
            found.update(source.extracts())
        return found


def ancestry(
    connection: Connection, table: str, version: str, known: Mapping[str, str] | None = None
) -> Ancestor | None:
    """The version with everything that it was made from; None when the ledger does not know it.

    A version names its sources by digest. Of versions with equal content, the one that `known` (table to version)
    names is taken, else that of the same run, else the newest that was there before.
    """
    row = _named(connection, table, version)
    return None if row is None else _with_sources(connection, row, known or {})


def _with_sources(connection: Connection, row: LedgerRow, known: Mapping[str, str]) -> Ancestor:
    sources: dict[str, str] = row.content["sources"]
    found = {name: _source(connection, row, name, known) for name in sources if is_table_name(name)}
    return Ancestor(
        row.table_name,
        row.version,
        row.digest,
        row.rows,
        row.run_id,
        row.created_at,
        row.removed_at,
        files={name: digest for name, digest in sources.items() if not is_table_name(name)},
        made_from=tuple(_with_sources(connection, source, known) for source in found.values() if source is not None),
        lost={name: sources[name] for name, source in found.items() if source is None},
    )


def _source(connection: Connection, made: LedgerRow, table: str, known: Mapping[str, str]) -> LedgerRow | None:
    """The version of `table` from which `made` was made."""
    digest = made.content["sources"][table]
    for version in (known.get(table), made.version):
        row = None if version is None else _named(connection, table, version)
        if row is not None and row.digest == digest:
            return row
    query = (
        select(table_versions)
        .where(
            table_versions.c.table_name == table,
            table_versions.c.digest == digest,
            table_versions.c.created_at <= made.created_at,
        )
        .order_by(table_versions.c.created_at.desc())
    )
    return connection.execute(query.limit(1)).first()


def _named(connection: Connection, table: str, version: str) -> LedgerRow | None:
    query = select(table_versions).where(table_versions.c.table_name == table, table_versions.c.version == version)
    return connection.execute(query).first()
