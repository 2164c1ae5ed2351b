"""Whether stored files still have the bytes that they were written with, without reading unchanged ones again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, delete, insert, select

from storage.db.file_tables import checked_files
from storage.db.ledger import Ledger
from storage.errors import DamagedFile
from storage.files.folder import Folder
from storage.lake.datamart import Datamart, TableVersion
from storage.on_use import fs

# A file that changed within this time could change again without a new time. That it is intact is not recorded.
SETTLED = timedelta(seconds=2)


class Stored(Protocol):
    """A stored file: its name below the folder, size in bytes and SHA-256 in hex."""

    @property
    def name(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...


class FileChecks:
    """Checks stored files against their recorded SHA-256.

    The ledger has the size, the times and the inode, or the ETag on object storage, of every file whose bytes were
    read and were intact. While these are the same, the file counts as intact. `read_all` has every byte read instead.
    """

    def __init__(self, ledger: Ledger, *, read_all: bool = False) -> None:
        self._ledger = ledger
        self._read_all = read_all

    def check_table(self, datamart: Datamart, version: TableVersion) -> None:
        """Raises DamagedFile unless every part of the version is intact."""
        self.check(datamart.folder, version.parts, (version.table, version.version))

    def check(self, folder: Folder, files: Iterable[Stored], version: tuple[str, str] = ("", "")) -> None:
        """Raises DamagedFile unless every file is intact. `version` is (table, version) of parts."""
        by_path = {folder.path(file.name): file for file in files}
        known = {} if self._read_all else self._known(by_path)
        read: list[dict[str, Any]] = []
        try:
            for path, file in by_path.items():
                stamp, is_settled = stamp_of(folder, file.name)
                if known.get(path) == (stamp, file.sha256):
                    continue
                _check_bytes(folder, file)
                if is_settled:
                    names = {"table_name": version[0], "version": version[1]}
                    read.append({"path": path, "stamp": stamp, "sha256": file.sha256, **names})
        finally:
            if read:
                self._record(read)

    def _known(self, paths: Iterable[str]) -> Mapping[str, tuple[str, str]]:
        query = select(checked_files).where(checked_files.c.path.in_(list(paths)))
        with self._ledger.reading() as connection:
            return {row.path: (row.stamp, row.sha256) for row in connection.execute(query)}

    def _record(self, rows: list[dict[str, Any]]) -> None:
        with self._ledger.writing() as connection:
            connection.execute(delete(checked_files).where(checked_files.c.path.in_([row["path"] for row in rows])))
            connection.execute(insert(checked_files), rows)


def forget_checks(connection: Connection, removed: Iterable[tuple[str, str]]) -> None:
    """Deletes what is recorded of the files of versions (table, version) that are deleted."""
    for table, version in removed:
        connection.execute(
            delete(checked_files).where(checked_files.c.table_name == table, checked_files.c.version == version)
        )


def stamp_of(folder: Folder, name: str) -> tuple[str, bool]:
    """(a text that changes when the file changes, whether the file changed long enough ago to rely on that)."""
    path = folder.path(name)
    info = folder.infos([path])[0]
    if info.type != fs.FileType.File:
        raise DamagedFile(path, "it is missing")
    try:
        stamp = folder.stamp(info)
        if not folder.is_local:
            stamp += f":{folder.call(name, lambda: _etag(folder, path))}"
    except FileNotFoundError:
        raise DamagedFile(path, "it is missing") from None
    changed = datetime.fromtimestamp((info.mtime_ns or 0) / 1e9, tz=UTC)
    return stamp, datetime.now(UTC) - changed > SETTLED


def _etag(folder: Folder, path: str) -> str:
    with folder.filesystem.open_input_file(path) as stream:
        return str(stream.metadata().get(b"ETag", b"").decode())


def _check_bytes(folder: Folder, file: Stored) -> None:
    if folder.size(file.name) != file.bytes or folder.sha256(file.name) != file.sha256:
        raise DamagedFile(folder.path(file.name), "its bytes changed after it was written")
