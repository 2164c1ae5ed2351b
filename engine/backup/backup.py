"""Makes a backup: a folder with a copy of the ledger, of the files that it records, and a manifest.

The folder gets its name when it is complete. A backup that is killed leaves a hidden draft without a manifest.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.engine import make_url

from engine.backup.contents import Recorded, active_runs, recorded_files
from engine.backup.errors import Incomplete
from engine.backup.manifest import LEDGER, PASSWORDS, Manifest, write_manifest
from engine.backup.pin import stores_kept
from engine.deployment import Deployment
from engine.errors import Refused
from storage.db.copies import copy_ledger, has_ledger, opened_copy
from storage.errors import StorageError
from storage.files.durable import CantWrite, sync_folder
from storage.files.folder import FileFacts, Folder
from storage.files.streams import BLOCK
from storage.settings import Settings, is_remote

Progress = Callable[[str, int, int], None]  # (what, done, total)
PRIVATE = 0o700  # the bronze tables have names and numbers of persons
DRAFT = ".unfinished-"  # in the name of the draft of a backup


@dataclass(frozen=True)
class Made:
    """A finished backup: its manifest, and the runs that were active when the ledger was copied."""

    manifest: Manifest
    active: list[str]


def deployment_at(settings: Settings) -> Deployment:
    """The deployment of these settings as it is. Raises Refused when it has no ledger, and makes nothing."""
    address = make_url(settings.ledger_url)
    file = address.database if address.get_backend_name() == "sqlite" else None
    if file is None or Path(file).is_file():
        deployment = Deployment.as_it_is(settings)
        if has_ledger(deployment.ledger):
            return deployment
    raise Refused(
        f"{settings.home.absolute()} has no ledger ({file or 'LOANWATCH_LEDGER is empty'}), so there is nothing to "
        "back up; correct --home or LOANWATCH_LEDGER."
    )


def back_up(deployment: Deployment, folder: Path, progress: Progress, *, without_damaged: bool = False) -> Made:
    """Makes the backup `folder` while the deployment works. Nothing is left of one that fails.

    Raises Refused for a folder that exists or is the deployment's own, Incomplete for a file that is missing or
    damaged, CantWrite for a full disk.
    """
    folder = folder.absolute()
    _refuse(deployment, folder)
    try:
        with _draft(folder) as draft, stores_kept(deployment):
            copying = _Copying(deployment, draft, progress, without_damaged)
            active = copying.ledger()
            copying.files()
            copying.passwords()
            manifest = copying.manifest()
            write_manifest(draft, manifest)
            draft.rename(folder)
            sync_folder(folder.parent)
    except OSError as error:
        raise CantWrite(str(error.filename or folder), error) from error
    return Made(manifest, active)


@dataclass
class _Copying:
    """One backup under way."""

    deployment: Deployment
    draft: Path
    progress: Progress
    without_damaged: bool
    recorded: list[Recorded] = field(default_factory=list)
    copied: list[FileFacts] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    created_at: str = ""

    def ledger(self) -> list[str]:
        """Copies the ledger. Returns the active runs. What it records exists: tasks record what they have written."""
        path = self.draft / LEDGER
        self.created_at = self.deployment.ledger.clock().isoformat(timespec="seconds")
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        copy_ledger(self.deployment.ledger, path, lambda done, total: self.progress("ledger", done, total))
        with path.open("rb") as file:
            os.fsync(file.fileno())
            size, sha256 = _digest(file)
        self.copied.append(FileFacts(LEDGER, size, sha256))
        with opened_copy(path) as connection:
            self.recorded = recorded_files(connection)
            return active_runs(connection)

    def files(self) -> None:
        """Copies every recorded file, and checks it against what the ledger says of it."""
        roots = self.deployment.roots
        stores = {"datamart": roots.datamart, "models": roots.models, "reports": roots.reports}
        folders = {store: Folder.at(root) for store, root in stores.items()}
        done, total = 0, sum(each.facts.bytes for each in self.recorded)
        for each in self.recorded:
            self.progress("files", done, total)
            self._file(folders[each.store], each)
            done += each.facts.bytes

    def passwords(self) -> None:
        """Copies the console's password file, if there is one."""
        path = self.deployment.settings.passwords_file
        with suppress(FileNotFoundError), path.open("rb") as source:
            self.copied.append(_copy(source, self.draft / PASSWORDS, PASSWORDS))

    def manifest(self) -> Manifest:
        home = str(self.deployment.settings.home.absolute())
        return Manifest(self.created_at, home, tuple(self.copied), tuple(self.left_out))

    def _file(self, folder: Folder, each: Recorded) -> None:
        reason = "it is missing"
        if folder.size(each.facts.name) is not None:
            with folder.open(each.facts.name) as source:
                copied = _copy(source, self.draft / each.name, each.name)
            if each.is_copied_by(copied):
                self.copied.append(copied)
                return
            (self.draft / each.name).unlink()
            reason = "its bytes changed after it was written"
        if each.optional:
            return
        if not self.without_damaged:
            raise Incomplete(folder.path(each.facts.name), reason)
        self.left_out.append(each.name)


def _refuse(deployment: Deployment, folder: Path) -> None:
    settings = deployment.settings
    if os.path.lexists(folder):
        raise Refused(f"{folder} exists already; name a folder that does not, as each backup has its own.")
    if not folder.parent.is_dir():
        raise Refused(f"{folder.parent} is no folder; make it, or name another place for the backup.")
    roots = (settings.datamart_root, settings.models_root, settings.reports_root)
    for place in (settings.home.absolute(), *(Path(root) for root in roots if not is_remote(root))):
        if folder.resolve().is_relative_to(place.resolve()):
            raise Refused(f"{folder} is inside of {place}, which it would back up; name a place outside.")


@contextmanager
def _draft(folder: Path) -> Iterator[Path]:
    """A new private folder beside `folder`, gone when the block ends unless it was renamed."""
    draft = folder.with_name(f".{folder.name}{DRAFT}{secrets.token_hex(4)}")
    draft.mkdir(mode=PRIVATE)
    try:
        yield draft
    finally:
        if draft.exists():
            shutil.rmtree(draft, ignore_errors=True)


def _copy(source: Any, path: Path, name: str) -> FileFacts:
    """Copies the rest of a stream to a new private file, durably. Raises StorageError when it can't be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        while block := _block(source, name):
            digest.update(block)
            size += target.write(block)
        target.flush()
        os.fsync(target.fileno())
    return FileFacts(name, size, digest.hexdigest())


def _block(source: Any, name: str) -> bytes:
    try:
        return bytes(source.read(BLOCK))
    except OSError as error:
        raise StorageError(f"{name} can't be read ({error}); repair the store and repeat the backup.") from error


def _digest(file: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while block := file.read(BLOCK):
        digest.update(block)
        size += len(block)
    return size, digest.hexdigest()
