"""Which version of the schema a ledger has, known without Alembic, whose import alone takes half a second."""

from sqlalchemy import Connection, column, inspect, select, table

from storage.errors import StorageError

VERSIONS = ("0001", "0002", "0003")  # the revisions in `versions/`, oldest first
NEWEST = VERSIONS[-1]
_ALEMBIC = table("alembic_version", column("version_num"))


class LedgerTooNew(StorageError):
    """A ledger whose schema this release does not know."""

    exit_code = 5


def stored_version(connection: Connection) -> str | None:
    """The version that a ledger was brought to; None for a new one, and for one that the first release made."""
    if not inspect(connection).has_table(_ALEMBIC.name):
        return None
    version = connection.execute(select(_ALEMBIC.c.version_num)).scalar()
    return None if version is None else str(version)


def is_newest(connection: Connection, place: str) -> bool:
    """Whether the ledger at `place` needs no migration; LedgerTooNew when a later release has moved it on."""
    version = stored_version(connection)
    if version is not None and version not in VERSIONS:
        raise LedgerTooNew(
            f"The ledger {place} has schema version {version} and this release knows none above {NEWEST}; "
            "run the release that made it, or name another ledger in LOANWATCH_LEDGER."
        )
    return version == NEWEST
