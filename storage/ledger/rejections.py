"""Rejected deliveries: the runs whose extracts were rejected, and what ends that. Within the caller's transaction."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection, and_, or_, select

from storage.db.ledger import LedgerRow
from storage.db.schema import runs

REJECTED = "InputRejected"  # the error type of a run that read its extracts and rejected them


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
