"""The versions of tables that exist, and which are current. Within the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select, update

from storage.db.ledger import LedgerRow
from storage.db.model_tables import models
from storage.db.schema import publications, table_versions
from storage.errors import StorageError
from storage.lake.datamart import Part, TableVersion
from storage.lake.file_checks import forget_checks
from storage.ledger.leases import Lease, check_lease

SAME_VERSION = (publications.c.table_name == table_versions.c.table_name) & (
    publications.c.version == table_versions.c.version
)


def as_json(version: TableVersion) -> dict[str, Any]:
    """The version as plain JSON types; `from_json` is its inverse."""
    return {
        "table": version.table,
        "version": version.version,
        "parts": [vars(part) for part in version.parts],
        "dates": list(version.dates),
        "sources": version.sources,
        "days": {name: list(days) for name, days in version.days.items()},
        "date_orders": version.date_orders,
        **({"ranges": version.ranges} if version.ranges else {}),
    }


def from_json(content: dict[str, Any]) -> TableVersion:
    """The version of its JSON form; the inverse of `as_json`."""
    parts = tuple(Part(**part) for part in content["parts"])
    dates, sources = tuple(content["dates"]), content["sources"]
    days = {name: tuple(each) for name, each in content.get("days", {}).items()}  # absent in earlier releases
    orders = content.get("date_orders", {})  # so are these
    ranges = content.get("ranges", {})
    return TableVersion(content["table"], content["version"], parts, dates, sources, days, orders, ranges)


def record_versions(connection: Connection, lease: Lease, versions: Iterable[TableVersion], now: datetime) -> None:
    """Records versions that a task of this run wrote. Other runs do not read them before they are published."""
    check_lease(connection, lease)
    rows = [
        {
            "table_name": version.table,
            "version": version.version,
            "run_id": lease.run_id,
            "created_at": now,
            "rows": version.rows,
            "bytes": version.bytes,
            "digest": version.digest,
            "content": as_json(version),
        }
        for version in versions
    ]
    if rows:
        connection.execute(insert(table_versions), rows)


def publish(connection: Connection, lease: Lease, versions: Iterable[TableVersion], now: datetime) -> None:
    """Makes all versions current. Raises StorageError for a version whose files were deleted in the meantime."""
    check_lease(connection, lease)
    current = current_versions(connection)
    changed = [version for version in versions if current.get(version.table) != version]
    for version in changed:
        if version_of(connection, version.table, version.version) is None:
            raise StorageError(
                f"Version {version.version} of {version.table} was deleted; resume the run to rebuild it."
            )
    rows = [
        {"table_name": version.table, "version": version.version, "run_id": lease.run_id, "published_at": now}
        for version in changed
    ]
    if rows:
        connection.execute(insert(publications), rows)


def current_versions(connection: Connection) -> dict[str, TableVersion]:
    """The current version of every published table, by the table's name."""
    versions = (from_json(content) for content in connection.execute(_current_contents()).scalars())
    return {version.table: version for version in versions}


@cache
def _current_contents() -> Select[tuple[Any]]:
    """The query of `current_versions`, built once: a run asks it often."""
    query = select(table_versions.c.content).join_from(table_versions, publications, SAME_VERSION)
    return query.where(publications.c.publication_id.in_(newest_publications()))


def current_version(connection: Connection, table: str) -> TableVersion | None:
    """The current version of a table; None when none is published."""
    query = (
        select(table_versions.c.content)
        .join_from(table_versions, publications, SAME_VERSION)
        .where(publications.c.table_name == table)
        .order_by(publications.c.publication_id.desc())
        .limit(1)
    )
    content = connection.execute(query).scalar()
    return None if content is None else from_json(content)


def published_versions(connection: Connection, table: str) -> list[TableVersion]:
    """The published versions of a table that still have files, newest publication first."""
    query = (
        select(table_versions.c.content)
        .join_from(table_versions, publications, SAME_VERSION)
        .where(table_versions.c.table_name == table, table_versions.c.removed_at.is_(None))
        .order_by(publications.c.publication_id.desc())
    )
    return [from_json(content) for content in connection.execute(query).scalars()]


def published_rows(connection: Connection) -> Sequence[LedgerRow]:
    """Table, version, rows, bytes, digest, publishing run and time of every current version, by table name."""
    query = (
        select(
            publications.c.table_name,
            publications.c.version,
            table_versions.c.rows,
            table_versions.c.bytes,
            table_versions.c.digest,
            publications.c.run_id,
            publications.c.published_at,
        )
        .join(table_versions, SAME_VERSION)
        .where(publications.c.publication_id.in_(newest_publications()))
        .order_by(publications.c.table_name)
    )
    return connection.execute(query).all()


def rows_published_at(connection: Connection, table: str, at: datetime) -> int | None:
    """The rows of the version of a table that was current at a time; None when it was not published yet."""
    query = (
        select(table_versions.c.rows)
        .join_from(publications, table_versions, SAME_VERSION)
        .where(publications.c.table_name == table, publications.c.published_at <= at)
    )
    rows: int | None = connection.execute(query.order_by(publications.c.publication_id.desc()).limit(1)).scalar()
    return rows


def publication_rows(connection: Connection, table: str, limit: int = 20) -> Sequence[LedgerRow]:
    """Version, rows, bytes, digest, run and time of a table's newest publications, newest first.

    `removed_at` is when the files of the version were deleted.
    """
    query = (
        select(
            publications.c.version,
            table_versions.c.rows,
            table_versions.c.bytes,
            table_versions.c.digest,
            publications.c.run_id,
            publications.c.published_at,
            table_versions.c.removed_at,
        )
        .join(table_versions, SAME_VERSION)
        .where(publications.c.table_name == table)
    )
    return connection.execute(query.order_by(publications.c.publication_id.desc()).limit(limit)).all()


def version_of(connection: Connection, table: str, version: str) -> TableVersion | None:
    """A version that has files, published or not; None when there is none."""
    query = select(table_versions.c.content).where(
        table_versions.c.table_name == table,
        table_versions.c.version == version,
        table_versions.c.removed_at.is_(None),
    )
    content = connection.execute(query).scalar()
    return None if content is None else from_json(content)


def removable_versions(connection: Connection, keep: int) -> list[tuple[str, str]]:
    """(table, version) of what may be deleted.

    That is every version that is not current, not among the newest `keep`, and not used to train a model.
    """
    kept = {(name, version.version) for name, version in current_versions(connection).items()}
    for trained_on in connection.execute(select(models.c.trained_on)).scalars():
        kept.update(trained_on.items())
    published = {(row.table_name, row.version) for row in connection.execute(select(publications))}
    query = (
        select(table_versions.c.table_name, table_versions.c.version)
        .where(table_versions.c.removed_at.is_(None))
        .order_by(table_versions.c.table_name, table_versions.c.created_at.desc())
    )
    # Unpublished versions are counted apart: a resumed run reuses them, and they must not displace published ones.
    newer: Counter[tuple[str, bool]] = Counter()
    removable = []
    for table, version in connection.execute(query):
        group = (table, (table, version) in published)
        newer[group] += 1
        if newer[group] > keep and (table, version) not in kept:
            removable.append((table, version))
    return removable


def stored_versions(connection: Connection) -> set[tuple[str, str]]:
    """(table, version) of every recorded version that has files."""
    query = select(table_versions.c.table_name, table_versions.c.version).where(table_versions.c.removed_at.is_(None))
    return {(table, version) for table, version in connection.execute(query)}


def mark_removed(connection: Connection, removed: Iterable[tuple[str, str]], now: datetime) -> None:
    """Records that the files of versions are deleted, so that no run reuses them."""
    removed = list(removed)
    forget_checks(connection, removed)
    for table, version in removed:
        connection.execute(
            update(table_versions)
            .where(table_versions.c.table_name == table, table_versions.c.version == version)
            .values(removed_at=now)
        )


def newest_publications() -> Select[tuple[int]]:
    """The id of each table's newest publication. The query steps from table to table through the index.

    A GROUP BY would read every publication, of which each run adds several.
    """
    first = select(func.min(publications.c.table_name).label("name"))
    names = first.cte("names", recursive=True)
    after = select(func.min(publications.c.table_name)).where(publications.c.table_name > names.c.name)
    names = names.union_all(select(after.scalar_subquery()).where(names.c.name.is_not(None)))
    newest = select(func.max(publications.c.publication_id)).where(publications.c.table_name == names.c.name)
    return select(newest.scalar_subquery()).where(names.c.name.is_not(None))
