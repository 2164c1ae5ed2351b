"""Deliveries of extracts: their profiles, and the runs that rejected one. Within the caller's transaction.

A delivery that is read again stays one row: the run that read it first is kept, and the profile is that of the last
reading, because the declaration of its columns may have changed.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from storage.db.ledger import LedgerRow
from storage.db.schema import deliveries, runs
from storage.ledger.runs import run_row

REJECTED = "InputRejected"  # the error type of a run that read its extracts and rejected them


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


def open_rejection(connection: Connection, pipelines: Sequence[str], as_of: date, limit: int = 200) -> LedgerRow | None:
    """The newest run of these pipelines up to an as-of date that rejected a delivery which is not replaced yet.

    A delivery is a folder of extracts. It is replaced when one of the pipelines succeeded later, either on the same
    folder, or on any folder that a person named for the run. A run that reads another folder by default replaces
    nothing. Later means a later as-of date, or the same one and a later end. None when every delivery was replaced.
    """
    query = select(runs).where(
        runs.c.pipeline.in_(pipelines),
        runs.c.as_of <= as_of,
        runs.c.state == "failed",
        runs.c.error["type"].as_string() == REJECTED,
    )
    order = (runs.c.as_of.desc(), runs.c.finished_at.desc(), runs.c.run_id.desc())
    newest: dict[str, LedgerRow] = {}
    for row in connection.execute(query.order_by(*order).limit(limit)):
        newest.setdefault(row.snapshot.get("data", ""), row)
    rejected = newest.items()
    return next((row for folder, row in rejected if not _replaced(connection, pipelines, as_of, folder, row)), None)


def _replaced(connection: Connection, pipelines: Sequence[str], as_of: date, folder: str, rejected: LedgerRow) -> bool:
    named = and_(runs.c.cause == "manual", runs.c.params["data"].as_string() != "")
    query = select(runs.c.run_id).where(
        runs.c.pipeline.in_(pipelines),
        runs.c.state == "succeeded",
        runs.c.as_of <= as_of,
        or_(
            runs.c.as_of > rejected.as_of,
            and_(runs.c.as_of == rejected.as_of, runs.c.finished_at > rejected.finished_at),
        ),
        or_(runs.c.snapshot["data"].as_string() == folder, named),
    )
    return connection.execute(query.limit(1)).first() is not None
