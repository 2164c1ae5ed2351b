"""What the ledger knows of the files in the stores, beside the catalog of tables. Within the caller's transaction."""

import uuid
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Text, cast, delete, func, insert, select, update

from storage.db.schema import ACTIVE_STATES, runs, table_versions, tasks
from storage.db.store_tables import deployments, leftovers, removed_files
from storage.files.folder import FileFacts
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import from_json

IN_A_QUERY = 400  # names; SQLite takes no more than some thousand
NEWEST_RESULTS = 200


@dataclass(frozen=True)
class RunEnd:
    """When a run ended; `ended_at` is None while it is queued or running."""

    run_id: str
    ended_at: datetime | None


@dataclass(frozen=True)
class Recorded:
    """A version in the catalog, and when its files were removed; None for one that has files."""

    version: TableVersion
    run_id: str
    created_at: datetime
    removed_at: datetime | None


def deployment_id(connection: Connection) -> str:
    """The id of the deployment that this ledger belongs to. A copy of the ledger has the same."""
    return str(connection.execute(select(deployments.c.deployment_id)).scalar_one())


def renew_deployment_id(connection: Connection, now: datetime) -> None:
    """Makes the ledger, a copy of another, that of a deployment of its own."""
    connection.execute(update(deployments).values(deployment_id=str(uuid.uuid4()), created_at=now))


def run_ends(connection: Connection, run_ids: Collection[str]) -> dict[str, RunEnd]:
    """The ends of those runs that this ledger holds."""
    columns = (runs.c.run_id, runs.c.state, runs.c.finished_at, runs.c.requested_at)
    found = {}
    for chunk in _chunks(run_ids):
        for row in connection.execute(select(*columns).where(runs.c.run_id.in_(chunk))):
            ended = None if row.state in ACTIVE_STATES else row.finished_at or row.requested_at
            found[row.run_id] = RunEnd(row.run_id, ended)
    return found


def last_uses(connection: Connection, run_ids: Collection[str]) -> dict[str, datetime]:
    """When the newest run that reused a result of each of these runs ended; without those that none reused."""
    found: dict[str, datetime] = {}
    for chunk in _chunks(run_ids):
        ended = func.max(runs.c.finished_at).label("ended")
        query = select(tasks.c.cached_from, ended).join_from(tasks, runs, tasks.c.run_id == runs.c.run_id)
        query = query.where(tasks.c.cached_from.in_(chunk), runs.c.finished_at.is_not(None))
        found |= {row.cached_from: row.ended for row in connection.execute(query.group_by(tasks.c.cached_from))}
    return found


def recorded(connection: Connection, stored: Collection[tuple[str, str]]) -> dict[tuple[str, str], Recorded]:
    """What the catalog has of these (table, version)s."""
    found = {}
    for chunk in _chunks({version for _, version in stored}):
        for row in connection.execute(select(table_versions).where(table_versions.c.version.in_(chunk))):
            version = from_json(row.content)
            found[row.table_name, row.version] = Recorded(version, row.run_id, row.created_at, row.removed_at)
    return found


def newest_start(connection: Connection) -> tuple[int, datetime | None]:
    """(how many runs have started, when the newest did); another pair means that a run started in the meantime."""
    row = connection.execute(select(func.count(runs.c.started_at), func.max(runs.c.started_at))).one()
    return int(row[0]), row[1]


def is_running(connection: Connection) -> str | None:
    """The id of a run that is being executed; None when none is."""
    run_id: str | None = connection.execute(select(runs.c.run_id).where(runs.c.state == "running")).scalar()
    return run_id


def mark_files_removed(connection: Connection, names: Iterable[str], now: datetime) -> None:
    """Records that files of the model store are deleted, so that no run reuses them."""
    new = set(names) - removed_names(connection, set(names))
    if new:
        connection.execute(insert(removed_files), [{"name": name, "removed_at": now} for name in sorted(new)])


def removed_names(connection: Connection, names: Collection[str]) -> set[str]:
    """Those of these files of the model store that are deleted, or are about to be."""
    return {
        name
        for chunk in _chunks(names)
        for name in connection.execute(select(removed_files.c.name).where(removed_files.c.name.in_(chunk))).scalars()
    }


def first_seen(connection: Connection, names: Collection[str], now: datetime) -> dict[str, datetime]:
    """When each of these leftovers was seen first; those that are not there any more are forgotten."""
    known = {row.name: row.seen_at for row in connection.execute(select(leftovers))}
    for chunk in _chunks(set(known) - set(names)):
        connection.execute(delete(leftovers).where(leftovers.c.name.in_(chunk)))
    new = sorted(set(names) - set(known))
    if new:
        connection.execute(insert(leftovers), [{"name": name, "seen_at": now} for name in new])
    return {name: known.get(name, now) for name in names}


def seen_leftovers(connection: Connection) -> dict[str, datetime]:
    """When each leftover was seen first, of those that a cleaning has seen."""
    return {row.name: row.seen_at for row in connection.execute(select(leftovers))}


def results_with(
    connection: Connection, kind: str, limit: int | None = NEWEST_RESULTS
) -> Iterator[tuple[str, FileFacts]]:
    """(run, file) of the files that tasks wrote, newest first; `kind` is artifacts or reports."""
    query = select(tasks.c.run_id, tasks.c.outcome).where(_has(kind)).order_by(tasks.c.finished_at.desc()).limit(limit)
    for row in connection.execute(query):
        for facts in row.outcome["outcome"][kind]:
            yield row.run_id, FileFacts(**facts)


def _has(kind: str) -> ColumnElement[bool]:
    return cast(tasks.c.outcome, Text).like(f'%"{kind}": [{{%')


def _chunks(names: Collection[Any]) -> Iterator[list[Any]]:
    ordered = sorted(names)
    for start in range(0, len(ordered), IN_A_QUERY):
        yield ordered[start : start + IN_A_QUERY]
