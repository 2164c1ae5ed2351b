"""What a cleaning would delete, what it leaves because the ledger does not know it, and why. It only reads."""

import logging
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.stores.leftovers import DRAFT, PART, UNKNOWN, UPLOAD, VERSION, Found, Known, Leftover, Plan
from engine.stores.made import maker_of, replaced_reports, run_of_report, unused_artifacts
from storage.errors import StorageError
from storage.files.drafts import drafted
from storage.files.folder import Folder
from storage.files.uploads import unfinished_uploads
from storage.lake.model_store import ARTIFACTS
from storage.lake.names import LINKED_LAYERS
from storage.lake.parts import VERSIONS, is_own_file
from storage.lake.report_store import COPIES
from storage.ledger.catalog import removable_versions
from storage.ledger.operation.stores import Recorded, newest_start, recorded, run_ends, seen_leftovers

log = logging.getLogger("loanwatch.engine")

UNFINISHED = "its writer did not complete it"
OWN_FILES = {  # of which a process of an earlier release may have left a draft
    "datamart": re.compile(rf"(?:{'|'.join(LINKED_LAYERS)})/\.[A-Za-z][A-Za-z0-9_]*\.parquet"),
    "models": re.compile(
        rf"(?:best_model|label_encoders)_\d{{8}}_\d{{6}}\.pkl|model_metadata_\d{{8}}_\d{{6}}\.json|{ARTIFACTS}/[0-9a-f]{{64}}"
    ),
    "reports": re.compile(r"monitoring_dashboard_\d{8}\.png"),
}


def plan_of(deployment: Deployment, ended: str = "", *, thorough: bool = False) -> Plan:
    """What a cleaning would do now. `ended` and `thorough` are those of `clean`."""
    found = _found(deployment, thorough=thorough)
    with deployment.ledger.reading() as connection:
        started = newest_start(connection)
        known = _known(connection, deployment, found, ended)
        artifacts = list(unused_artifacts(connection, deployment, found.artifacts, known, thorough=thorough))
        reports = list(replaced_reports(connection, found.reports, known))
        seen = seen_leftovers(connection)
    tables = [item for key, files in sorted(found.tables.items()) for item in _of_version(key, files, known)]
    old = [
        item for key, item in sorted(found.drafts.items()) if seen.get(key, known.now) + known.retention <= known.now
    ]
    items = [*tables, *artifacts, *reports, *old]
    goes = tuple(item for item in items if item.why != UNKNOWN)
    stays = tuple(item for item in items if item.why == UNKNOWN)
    return Plan(started, goes, stays, tuple(sorted(found.drafts)))


def _found(deployment: Deployment, *, thorough: bool) -> Found:
    roots, retry = deployment.roots, deployment.settings.storage_retry
    drafts: dict[str, Leftover] = {}
    for store, root in (("datamart", roots.datamart), ("models", roots.models), ("reports", roots.reports)):
        folder = Folder.at(root, retry)
        for name in folder.temporary_names():
            if _is_draft(store, name):
                drafts[f"{store}:{name}"] = Leftover(DRAFT, store, name, 0, UNFINISHED)
        for name, upload in _uploads(root, needed=thorough):
            drafts[f"{store}:{upload}"] = Leftover(UPLOAD, store, name, 0, UNFINISHED, upload=upload)
    artifacts, reports = deployment.models.folder.sizes(ARTIFACTS), deployment.reports.folder.sizes(COPIES)
    return Found(deployment.datamart.files(), artifacts, reports, drafts)


def _uploads(root: str, *, needed: bool) -> list[tuple[str, str]]:
    """The unfinished uploads below a root. Not every server lists them, which matters only to who asks for it."""
    try:
        return unfinished_uploads(root)
    except StorageError as error:
        if needed:
            raise
        log.info("%s", error)
        return []


def _is_draft(store: str, name: str) -> bool:
    """Whether a temporary file is ours by its whole name. Those of a version are judged with the version."""
    of_version = store == "datamart" and name.startswith(f"{VERSIONS}/")
    return not of_version and drafted(name, OWN_FILES[store]) is not None


def _known(connection: Connection, deployment: Deployment, found: Found, ended: str) -> Known:
    settings, now = deployment.settings, deployment.ledger.now(connection)
    makers = {maker_of(name) for name in found.artifacts} | {run_of_report(name) for name in found.reports}
    catalog = recorded(connection, set(found.tables))
    return Known(
        now,
        timedelta(days=settings.retention_days),
        run_ends(connection, {version for _, version in found.tables} | makers),
        catalog,
        frozenset(removable_versions(connection, settings.keep_versions)),
        ended,
    )


def _of_version(key: tuple[str, str], files: Mapping[str, int], known: Known) -> Iterator[Leftover]:
    """What may go of a version: all of it, or the files of attempts whose result was not used."""
    own = {name: size for name, size in files.items() if is_own_file(name)}
    folder = min(files).rpartition("/")[0]
    size, entry = sum(own.values()), known.recorded.get(key)
    if key[1] not in known.ends and entry is None:
        yield Leftover(VERSION, "datamart", folder, sum(files.values()), UNKNOWN, key)
    elif entry is not None and entry.removed_at is not None:
        if own:
            yield Leftover(VERSION, "datamart", folder, size, "it was marked as removed", key, marked=True)
    elif entry is not None and key in known.removable and entry.created_at + known.retention <= known.now:
        yield Leftover(VERSION, "datamart", folder, size, "newer versions of the table are kept", key)
    elif entry is not None or known.is_over(key[1]):
        yield from _unused(key, own, entry, known)


def _unused(key: tuple[str, str], own: Mapping[str, int], entry: Recorded | None, known: Known) -> Iterator[Leftover]:
    """The files of a version's folder that are no parts of the version that the ledger records."""
    end = known.ends.get(key[1])
    if end is None or end.ended_at is None:
        return
    parts = {part.name for part in entry.version.parts} if entry else set()
    why = "another attempt wrote the part" if entry else "its run ended without recording it"
    for name, size in own.items():
        if name not in parts:
            yield Leftover(PART, "datamart", name, size, why, key)
