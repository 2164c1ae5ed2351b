"""The manifest of a backup: each file with its size and SHA-256. A folder without a manifest is no backup."""

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from engine.backup.errors import DamagedBackup
from storage.files.durable import sync_folder
from storage.files.folder import SAFE_NAME, FileFacts

MANIFEST = "manifest.json"
LEDGER = "ledger.db"
PASSWORDS = "passwords"
STORES = ("datamart", "models", "reports")  # the folders of a backup
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """What a backup holds. `files` are the files with their names in the backup, the copy of the ledger among them.

    `left_out` are the recorded files that were damaged and left out on request, `home` the home that was backed up.
    """

    created_at: str
    home: str
    files: tuple[FileFacts, ...]
    left_out: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(each.bytes for each in self.files)

    @property
    def by_name(self) -> Mapping[str, FileFacts]:
        return {each.name: each for each in self.files}

    def as_json(self) -> dict[str, Any]:
        files = [vars(each) for each in self.files]
        return {"format": FORMAT, **vars(self), "files": files, "left_out": list(self.left_out)}


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. Raises DamagedBackup when it is missing, unreadable, or names a file elsewhere."""
    path = folder / MANIFEST
    try:
        with opened(folder, MANIFEST) as file:
            content = json.load(file)
        if content["format"] != FORMAT:
            raise DamagedBackup(path, f"its format is {content['format']}, and this release reads {FORMAT}")
        files = tuple(_facts(**each) for each in content["files"])
        manifest = Manifest(str(content["created_at"]), str(content["home"]), files, tuple(content["left_out"]))
    except (ValueError, TypeError, KeyError) as error:
        raise DamagedBackup(path, f"it is no manifest: {type(error).__name__} {error}") from None
    for each in files:
        check_name(each.name, folder)
    if len(manifest.by_name) != len(files) or LEDGER not in manifest.by_name:
        raise DamagedBackup(path, f"it names a file twice or has no {LEDGER}")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest, the last file of a backup, after the names of the others are durable."""
    for each in sorted({(folder / facts.name).parent for facts in manifest.files}):
        sync_folder(each)
    with (folder / MANIFEST).open("x", encoding="utf-8") as file:
        json.dump(manifest.as_json(), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def check_name(name: str, folder: Path) -> None:
    """Raises DamagedBackup for a name that is not a file of ours below the folder."""
    first, *others = name.split("/")
    safe = all(SAFE_NAME.fullmatch(each) and each not in (".", "..") for each in (first, *others))
    if not safe or not (name in (LEDGER, PASSWORDS) or (first in STORES and others)):
        raise DamagedBackup(folder, f"its manifest names {name!r}, which is no file of a backup")


def opened(folder: Path, name: str) -> BinaryIO:
    """A file of a backup, open for reading. Raises DamagedBackup when it is missing, or a link, or behind one."""
    path = folder / name
    try:
        if path.resolve() != folder.resolve() / name:
            raise DamagedBackup(path, "it is a link, or in a folder that is one")
        file = os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")
    except FileNotFoundError:
        incomplete = "; an unfinished backup has none" if name == MANIFEST else ""
        raise DamagedBackup(path, f"it is missing{incomplete}") from None
    except OSError as error:
        raise DamagedBackup(path, error.strerror or str(error)) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise DamagedBackup(path, "it is no file")
    return file


def _facts(name: Any, bytes: Any, sha256: Any) -> FileFacts:  # noqa: A002 - the manifest's own names
    if not (isinstance(name, str) and isinstance(bytes, int) and isinstance(sha256, str)):
        raise TypeError(f"of the file {name!r}")
    return FileFacts(name, bytes, sha256)
