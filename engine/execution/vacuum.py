"""Cleans up after each run: updates the links of tables, and deletes old versions and unrecorded files."""

import logging
from datetime import datetime

from sqlalchemy import Connection, select

from engine.deployment import Deployment
from engine.execution.published.reports import place_reports
from engine.process.registry import is_backed_up
from storage.db.schema import runs
from storage.errors import LoanwatchError
from storage.files.folder import Folder
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions, mark_removed, removable_versions, stored_versions

log = logging.getLogger("loanwatch.engine")


def vacuum(deployment: Deployment) -> None:
    """Links the published tables and reports and deletes old files. An error is only logged: the run is complete."""
    try:
        link_current(deployment)
        place_reports(deployment)
        remove_old(deployment)
    except (LoanwatchError, OSError) as error:
        log.warning("The datamart could not be cleaned up: %s", error)


def misplaced_links(deployment: Deployment) -> list[str]:
    """Names of the tables whose link does not point at the published version."""
    return [name for name, table in _current(deployment).items() if not deployment.datamart.is_linked(table)]


def link_current(deployment: Deployment) -> list[str]:
    """Points the link of every table at its published version. Returns the names of the changed ones.

    Repeats when another run publishes in the meantime.
    """
    moved: list[str] = []
    linked: dict[str, TableVersion] = {}
    while (current := _current(deployment)) != linked:
        moved += [name for name, table in current.items() if not deployment.datamart.is_linked(table)]
        for table in current.values():
            deployment.datamart.link(table)
        linked = current
    return moved


def remove_old(deployment: Deployment) -> None:
    """Deletes the removable versions, and the files that ended runs did not record.

    Does nothing while a run is active, because the run may read or publish them, or while a backup copies them.
    """
    with deployment.ledger.writing() as connection:
        if _active_since(connection) or is_backed_up(deployment, connection):
            return
        removable = removable_versions(connection, deployment.settings.keep_versions)
        mark_removed(connection, removable, deployment.ledger.now(connection))
        recorded = stored_versions(connection)
        for table, version in sorted(deployment.datamart.versions() - recorded):
            deployment.datamart.drop(table, version)
        for folder in (deployment.datamart.folder, deployment.models.folder, Folder.at(deployment.roots.reports)):
            folder.remove_drafts(age=deployment.settings.lease)


def _current(deployment: Deployment) -> dict[str, TableVersion]:
    with deployment.ledger.reading() as connection:
        return current_versions(connection)


def _active_since(connection: Connection) -> datetime | None:
    started: datetime | None = connection.execute(select(runs.c.started_at).where(runs.c.state == "running")).scalar()
    return started
