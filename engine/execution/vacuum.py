"""What is put in order after each run: the links that people read, old versions, files that nobody knows."""

import logging
from datetime import datetime

from sqlalchemy import Connection, select

from engine.deployment import Deployment
from storage.db.schema import runs
from storage.errors import LoanwatchError
from storage.files.folder import Folder
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions, known_versions, mark_removed, removable_versions

log = logging.getLogger("loanwatch.engine")


def vacuum(deployment: Deployment) -> None:
    """Leaves links and versions in order. What the ledger says of a run stays, so a failure only warns."""
    try:
        link_current(deployment)
        remove_old(deployment)
    except (LoanwatchError, OSError) as error:
        log.warning("the datamart could not be put in order: %s", error)


def link_current(deployment: Deployment) -> list[str]:
    """Names of the tables whose path led elsewhere; now every path leads to the published version.

    Another run may publish meanwhile, so this ends only when what was linked is what is current.
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
    """Deletes versions beyond those that are kept, and files of runs that ended before they told the ledger of them.

    Not while a run is at work, which may read or be about to publish any of them.
    """
    with deployment.ledger.writing() as connection:
        if _at_work(connection):
            return
        removable = removable_versions(connection, deployment.settings.keep_versions)
        mark_removed(connection, removable, deployment.ledger.clock())
        known = known_versions(connection)
        for table, version in sorted(deployment.datamart.versions() - known):
            deployment.datamart.drop(table, version)
        for folder in (deployment.datamart.folder, deployment.models.folder, Folder.at(deployment.roots.reports)):
            folder.remove_drafts(age=deployment.settings.lease)


def _current(deployment: Deployment) -> dict[str, TableVersion]:
    with deployment.ledger.reading() as connection:
        return current_versions(connection)


def _at_work(connection: Connection) -> datetime | None:
    started: datetime | None = connection.execute(select(runs.c.started_at).where(runs.c.state == "running")).scalar()
    return started
