"""Restores a backup as a new deployment: checked first, complete or not at all."""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.backup.contents import recorded_files
from engine.backup.errors import DamagedBackup
from engine.backup.manifest import LEDGER, PASSWORDS, STORES, Manifest, opened, read_manifest
from engine.backup.target import Target
from engine.control.runs import who
from engine.deployment import Deployment
from engine.execution.published.reports import repair_reports
from engine.execution.vacuum import link_current
from storage.db.copies import opened_copy
from storage.db.migrations.version import is_newest
from storage.files.durable import CantWrite
from storage.files.folder import FileFacts, Folder
from storage.files.streams import BLOCK
from storage.ledger.alerts.messages import mark_unsure
from storage.ledger.audit import Action, record_action
from storage.ledger.leases import crash_active
from storage.ledger.operation.stores import renew_deployment_id
from storage.ledger.processes import deregister_all
from storage.settings import Settings

Progress = Callable[[str, int, int], None]  # (what, done, total)


@dataclass(frozen=True)
class Restored:
    """What was restored, and the ids of the runs that were active and can be resumed."""

    manifest: Manifest
    crashed: list[str]


def checked(folder: Path, progress: Progress) -> Manifest:
    """The manifest of a backup that is complete and undamaged: every file is read.

    Raises DamagedBackup with the first file that is not as it was, LedgerTooNew for a later release's backup.
    """
    manifest = read_manifest(folder)
    done = 0
    for each in manifest.files:
        progress("checked", done, manifest.bytes)
        for _ in _blocks(folder, each):
            pass
        done += each.bytes
    with opened_copy(folder / LEDGER) as connection:
        is_newest(connection, str(folder / LEDGER))
        for recorded in recorded_files(connection):
            copied = manifest.by_name.get(recorded.name)
            if copied is None and not recorded.optional and recorded.name not in manifest.left_out:
                raise DamagedBackup(folder / recorded.name, "its ledger records this file, its manifest does not")
            if copied and not recorded.is_copied_by(copied):
                raise DamagedBackup(folder / recorded.name, "it is not the file that its ledger records")
    return manifest


def restore(folder: Path, settings: Settings, progress: Progress) -> Restored:
    """Makes the deployment of these settings from a backup. Nothing is left of a restore that fails.

    Its active runs are marked as crashed, so that they can be resumed, and its processes as ended. Raises Refused
    when the home, a root or the ledger is in use, DamagedBackup before anything is made.
    """
    target = Target.of(settings, read_manifest(folder))
    target.check()
    manifest = checked(folder, progress)
    try:
        with target.under_construction():
            _copy_files(folder, manifest, target.draft, progress)
            deployment = Deployment.open(target.draft)
            crashed = _adopt(deployment, manifest)
            link_current(deployment)
            repair_reports(deployment)
            deployment.ledger.close()
            target.commit()
    except OSError as error:
        raise CantWrite(str(error.filename or settings.home), error) from error
    return Restored(manifest, crashed)


def _copy_files(folder: Path, manifest: Manifest, draft: Settings, progress: Progress) -> None:
    roots = (draft.datamart_root, draft.models_root, draft.reports_root)
    folders = dict(zip(STORES, map(Folder.at, roots), strict=True))
    done = 0
    for each in manifest.files:
        progress("restored", done, manifest.bytes)
        store, _, name = each.name.partition("/")
        if each.name == LEDGER:
            _write_private(Path(draft.ledger_url.partition("///")[2]), folder, each)
        elif each.name == PASSWORDS:
            _write_private(draft.passwords_file, folder, each)
        else:
            with folders[store].writing(name) as sink:
                for block in _blocks(folder, each):
                    sink.write(block)
        done += each.bytes


def _adopt(deployment: Deployment, manifest: Manifest) -> list[str]:
    """Ends what was under way in the ledger when it was copied. Returns the ids of the runs that were active."""
    reason = f"The run was active when the backup of {manifest.created_at} was made, which was restored; resume it."
    with deployment.ledger.writing() as connection:
        now = deployment.ledger.now(connection)
        crashed = crash_active(connection, reason, now)
        deregister_all(connection, now)
        mark_unsure(connection)
        renew_deployment_id(connection, now)  # what was backed up may live on, with stores of its own
        told = f"from the backup of {manifest.home} of {manifest.created_at}"
        record_action(connection, Action(who(), "restore", "deployment", told), now)
    return crashed


def _write_private(path: Path, folder: Path, facts: FileFacts) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        for block in _blocks(folder, facts):
            target.write(block)
        target.flush()
        os.fsync(target.fileno())


def _blocks(folder: Path, facts: FileFacts) -> Iterator[bytes]:
    """The bytes of a file of a backup. Raises DamagedBackup at the end unless they are those of the manifest."""
    digest, size = hashlib.sha256(), 0
    with opened(folder, facts.name) as file:
        try:
            while block := file.read(BLOCK):
                digest.update(block)
                size += len(block)
                yield block
        except OSError as error:
            raise DamagedBackup(folder / facts.name, error.strerror or str(error)) from error
    if (size, digest.hexdigest()) != (facts.bytes, facts.sha256):
        raise DamagedBackup(folder / facts.name, "its bytes are not those that were backed up")
