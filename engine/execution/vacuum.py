"""Cleans up after each run: updates the links of tables, and deletes old versions and unrecorded files."""

import logging

from engine.deployment import Deployment
from engine.execution.published.reports import place_reports
from engine.stores.cleaning import clean
from engine.stores.ownership import check_stores
from storage.errors import LoanwatchError
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions

log = logging.getLogger("loanwatch.engine")


def vacuum(deployment: Deployment, ended: str = "") -> None:
    """Links the published tables and reports and deletes old files. An error is only logged: the run is complete.

    `ended` is the run of this process that has just ended. Nothing is deleted while another run is active.
    """
    try:
        check_stores(deployment)
        link_current(deployment)
        place_reports(deployment)
        clean(deployment, ended)
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


def _current(deployment: Deployment) -> dict[str, TableVersion]:
    with deployment.ledger.reading() as connection:
        return current_versions(connection)
