"""The lineage of a table version, down to the extracts as received. Within the caller's transaction.

A version whose files were deleted keeps its row, so its lineage stays available.
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
    """A version of a table and the versions it was made from.

    `files` are extracts: path to the SHA-256 of the bytes as received. `lost` are sources that this ledger has
    no record of: table name to digest.
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
        """All extracts that this version was made from: path to SHA-256."""
        extracts = dict(self.files)
        for source in self.made_from:
            extracts.update(source.extracts())
        return extracts


def ancestry(
    connection: Connection, table: str, version: str, preferred: Mapping[str, str] | None = None
) -> Ancestor | None:
    """The version with its lineage; None when the ledger has no record of it.

    A version names its sources by digest. Several versions may have equal content: the source is then the version in
    `preferred` (table to version), else the version of the same run, else the newest earlier one.
    """
    row = _version(connection, table, version)
    return None if row is None else _with_sources(connection, row, preferred or {})


def _with_sources(connection: Connection, row: LedgerRow, preferred: Mapping[str, str]) -> Ancestor:
    digests: dict[str, str] = row.content["sources"]
    sources = {name: _source(connection, row, name, preferred) for name in digests if is_table_name(name)}
    return Ancestor(
        row.table_name,
        row.version,
        row.digest,
        row.rows,
        row.run_id,
        row.created_at,
        row.removed_at,
        files={name: digest for name, digest in digests.items() if not is_table_name(name)},
        made_from=tuple(_with_sources(connection, one, preferred) for one in sources.values() if one is not None),
        lost={name: digests[name] for name, source in sources.items() if source is None},
    )


def _source(connection: Connection, row: LedgerRow, table: str, preferred: Mapping[str, str]) -> LedgerRow | None:
    """The version of `table` from which the version in `row` was made; None when it is not recorded."""
    digest = row.content["sources"][table]
    for version in (preferred.get(table), row.version):
        source = None if version is None else _version(connection, table, version)
        if source is not None and source.digest == digest:
            return source
    query = (
        select(table_versions)
        .where(
            table_versions.c.table_name == table,
            table_versions.c.digest == digest,
            table_versions.c.created_at <= row.created_at,
        )
        .order_by(table_versions.c.created_at.desc())
    )
    return connection.execute(query.limit(1)).first()


def _version(connection: Connection, table: str, version: str) -> LedgerRow | None:
    query = select(table_versions).where(table_versions.c.table_name == table, table_versions.c.version == version)
    return connection.execute(query).first()
