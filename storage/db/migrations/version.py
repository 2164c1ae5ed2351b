"""The schema version of a ledger, without Alembic, whose import takes half a second."""

from sqlalchemy import Connection, column, inspect, select, table

from storage.errors import StorageError

VERSIONS = tuple(f"{number:04}" for number in range(1, 9))  # the revisions in `versions/`, oldest first
NEWEST = VERSIONS[-1]
_ALEMBIC = table("alembic_version", column("version_num"))


class LedgerTooNew(StorageError):
    """The ledger's schema is newer than this release."""

    exit_code = 5


def stored_version(connection: Connection) -> str | None:
    """The schema version of a ledger; None for a new one, and for one that the first release made."""
    if not inspect(connection).has_table(_ALEMBIC.name):
        return None
    version = connection.execute(select(_ALEMBIC.c.version_num)).scalar()
    return None if version is None else str(version)


def is_newest(connection: Connection, address: str) -> bool:
    """Whether the ledger at `address` needs no migration. Raises LedgerTooNew when a later release has migrated it."""
    version = stored_version(connection)
    if version is not None and version not in VERSIONS:
        raise LedgerTooNew(
            f"The ledger {address} has schema version {version}; the newest of this release is {NEWEST}. "
            "Run the release that made it, or name another ledger in LOANWATCH_LEDGER."
        )
    return version == NEWEST
