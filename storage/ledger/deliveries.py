"""Deliveries of extracts and their profiles. Within the caller's transaction.

A delivery that is read again stays one row: the run that read it first is kept, and the profile is that of the last
reading, because the declaration of its columns may have changed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import deliveries
from storage.ledger.runs import run_row


def record_profile(
    connection: Connection, run_id: str, profile: Mapping[str, Any], now: datetime, *, rejected: str | None = None
) -> None:
    """Keeps the profile of a delivery that a run read. `rejected` says why the delivery was not used."""
    dataset, delivery = profile["dataset"], profile["delivery"]
    again = {"profile": profile, "rejected": rejected, "last_read_at": now}
    known = deliveries.c.dataset == dataset, deliveries.c.delivery == delivery
    if not connection.execute(update(deliveries).where(*known).values(again)).rowcount:
        as_of = run_row(connection, run_id).as_of
        first = {"dataset": dataset, "delivery": delivery, "run_id": run_id, "as_of": as_of, "read_at": now}
        connection.execute(insert(deliveries).values(first | again))


def record_unused(connection: Connection, run_id: str, profile: Mapping[str, Any], now: datetime, why: str) -> None:
    """Keeps the profile of a delivery that a run read but did not use, as rejected, unless an earlier run used it."""
    query = select(deliveries.c.delivery).where(
        deliveries.c.dataset == profile["dataset"],
        deliveries.c.delivery == profile["delivery"],
        deliveries.c.rejected.is_(None),
    )
    if connection.execute(query).first() is None:
        record_profile(connection, run_id, profile, now, rejected=why)


def delivery_rows(connection: Connection, dataset: str, limit: int | None = None) -> Sequence[LedgerRow]:
    """The deliveries of a dataset that were read last, at most `limit`, in the order in which they were last read."""
    order = deliveries.c.last_read_at.desc(), deliveries.c.read_at.desc(), deliveries.c.delivery
    query = select(deliveries).where(deliveries.c.dataset == dataset).order_by(*order).limit(limit)
    return connection.execute(query).all()[::-1]


def delivery_counts(connection: Connection) -> Sequence[LedgerRow]:
    """The datasets that have deliveries: how many, and when the newest was last read."""
    columns = deliveries.c.dataset, func.count().label("deliveries"), func.max(deliveries.c.last_read_at).label("at")
    query = select(*columns).group_by(deliveries.c.dataset).order_by(deliveries.c.dataset)
    return connection.execute(query).all()
