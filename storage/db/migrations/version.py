"""The schema version of a ledger, without Alembic, whose import takes half a second."""

from sqlalchemy import Connection, column, inspect, select, table

from storage.errors import StorageError

VERSIONS = tuple(f"{number:04}" for number in range(1, 14))  # the revisions in `versions/`, oldest first
NEWEST = VERSIONS[-1]
_ALEMBIC = table("alembic_version", column("version_num"))


class LedgerTooNew(StorageError):
    """The ledger's schema is newer than this release."""

    exit_code = 5


class LedgerTooOld(StorageError):
    """The ledger's schema is older than this release. Reading commands do not migrate it."""

    exit_code = 5


class NoLedger(StorageError):
    """There is no ledger at the address. Reading commands do not make one."""

    exit_code = 5


def no_ledger(address: str) -> NoLedger:
    """The error for an address without a ledger."""
    return NoLedger(
        f"There is no ledger at {address}; start with `python -m engine run training --data FOLDER` or "
        "`python -m engine up`, or name another home with --home."
    )


def version_before(version: str) -> str | None:
    """The schema version before this one; None for the first."""
    number = VERSIONS.index(version)
    return VERSIONS[number - 1] if number else None


def stored_version(connection: Connection) -> str | None:
    """The schema version of a ledger; None for a new one, and for one that the first release made."""
    if not inspect(connection).has_table(_ALEMBIC.name):
        return None
    version = connection.execute(select(_ALEMBIC.c.version_num)).scalar()
    return None if version is None else str(version)


def refuse_other_versions(connection: Connection, address: str) -> None:
    """Raises NoLedger, LedgerTooOld or LedgerTooNew unless the ledger at `address` has the schema of this release."""
    if is_newest(connection, address):
        return
    version = stored_version(connection)
    if version is None and not inspect(connection).has_table("runs"):
        raise no_ledger(address)
    raise LedgerTooOld(
        f"The ledger {address} has schema version {version or VERSIONS[0]}, this release needs {NEWEST}; run "
        "`python -m engine migrate`, or start the worker."
    )


def is_newest(connection: Connection, address: str) -> bool:
    """Whether the ledger at `address` needs no migration. Raises LedgerTooNew when a later release has migrated it."""
    version = stored_version(connection)
    if version is not None and version not in VERSIONS:
        raise LedgerTooNew(
            f"The ledger {address} has schema version {version}; the newest of this release is {NEWEST}. "
            "Run the release that made it, or name another ledger in LOANWATCH_LEDGER."
        )
    return version == NEWEST
