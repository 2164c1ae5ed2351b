"""The published reports. Every function works within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from storage.db.ledger import LedgerRow
from storage.db.report_tables import reports
from storage.files.folder import FileFacts
from storage.lake.report_store import public_name
from storage.ledger.leases import Lease, check_lease


def publish_report(connection: Connection, lease: Lease, facts: FileFacts, now: datetime) -> None:
    """Publishes a run's copy of a report, if it is not published already. Raises LeaseLost when the lease is lost.

    Reports of earlier releases, which have no copy, are where people read them.
    """
    check_lease(connection, lease)
    name = public_name(facts)
    newest = _newest(connection, name)
    if name == facts.name or (newest is not None and (newest.file, newest.sha256) == (facts.name, facts.sha256)):
        return
    row = {"name": name, "file": facts.name, "bytes": facts.bytes, "sha256": facts.sha256, "run_id": lease.run_id}
    connection.execute(insert(reports).values(**row, published_at=now))


def current_reports(connection: Connection, *, unplaced: bool = False) -> Sequence[LedgerRow]:
    """The newest published report of each name; with `unplaced` only those that are not yet where people read them."""
    newest = select(func.max(reports.c.publication_id)).group_by(reports.c.name)
    query = select(reports).where(reports.c.publication_id.in_(newest)).order_by(reports.c.name)
    return connection.execute(query.where(reports.c.placed_at.is_(None)) if unplaced else query).all()


def mark_placed(connection: Connection, report: LedgerRow, now: datetime) -> None:
    """Records that people read this report under its name.

    When a newer one was published in the meantime, that one may have been replaced, so it has to be placed again.
    """
    newest = _newest(connection, report.name)
    is_newest = newest is not None and newest.publication_id == report.publication_id
    query = update(reports).where(reports.c.name == report.name)
    if is_newest:
        connection.execute(query.where(reports.c.placed_at.is_(None)).values(placed_at=now))
    elif newest is not None:
        connection.execute(query.where(reports.c.publication_id == newest.publication_id).values(placed_at=None))


def _newest(connection: Connection, name: str) -> LedgerRow | None:
    query = select(reports).where(reports.c.name == name).order_by(reports.c.publication_id.desc()).limit(1)
    return connection.execute(query).first()
