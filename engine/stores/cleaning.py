"""Deletes what is no longer needed: the mark is committed first, then the files go, outside of every transaction.

A crash between the two leaves files whose mark says that they are to go: the next cleaning deletes them.
A run that starts meanwhile does not reuse what is marked, and writes to files of its own.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.process.registry import is_backed_up
from engine.stores.leftovers import ARTIFACT, DRAFT, PART, REPORT, UPLOAD, VERSION, Leftover, Plan
from engine.stores.ownership import check_stores
from engine.stores.plan import plan_of
from storage.files.folder import Folder
from storage.files.uploads import abort_upload
from storage.ledger.catalog import mark_removed, removable_versions
from storage.ledger.operation.stores import first_seen, is_running, mark_files_removed, newest_start


def clean(deployment: Deployment, ended: str = "", *, thorough: bool = False) -> Plan | None:
    """What was deleted; None when a run is active or started in the meantime, because it may use anything.

    `ended` is a run of this process that has just ended, whose unrecorded files need not wait for their retention.
    A `thorough` cleaning looks for artifacts of earlier releases, too. Raises Refused for a
    store of another deployment.
    """
    check_stores(deployment)
    plan = plan_of(deployment, ended, thorough=thorough)
    with deployment.ledger.writing() as connection:
        if is_busy(deployment, connection) or newest_start(connection) != plan.started:
            return None
        now = deployment.ledger.now(connection)
        still = set(removable_versions(connection, deployment.settings.keep_versions))
        versions = [item for item in plan.of(VERSION) if item.marked or item.version in still]
        mark_removed(connection, [item.version for item in versions if not item.marked], now)
        files = [*plan.of(ARTIFACT), *plan.of(REPORT)]
        mark_files_removed(connection, [item.name for item in files if not item.marked], now)
        first_seen(connection, plan.seen, now)
    deleted = [*versions, *plan.of(PART), *files, *plan.of(DRAFT), *plan.of(UPLOAD)]
    _delete(deployment, deleted)
    return Plan(plan.started, tuple(deleted), plan.unknown, plan.seen)


def is_busy(deployment: Deployment, connection: Connection) -> str | None:
    """Why nothing may be deleted now; None when everything that is not needed may go."""
    if run_id := is_running(connection):
        return f"run {run_id} is active, and may use anything"
    return "a backup copies the stores" if is_backed_up(deployment, connection) else None


def _delete(deployment: Deployment, items: Iterable[Leftover]) -> None:
    roots, retry = deployment.roots, deployment.settings.storage_retry
    places = {"datamart": roots.datamart, "models": roots.models, "reports": roots.reports}
    folders = {store: Folder.at(root, retry) for store, root in places.items()}
    for item in items:
        if item.kind == VERSION:
            deployment.datamart.drop(*item.version)
        elif item.kind == UPLOAD:
            abort_upload(places[item.store], item.name, item.upload)
        else:
            folders[item.store].delete(item.name)
            if item.kind in (PART, ARTIFACT, REPORT):  # in the folder of an ended run, where nobody writes any more
                folders[item.store].delete_empty(item.name.rpartition("/")[0])
