"""Raw extracts: the files of a dataset, and their SHA-256, which is stored until a file changes."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, insert, select

from storage.db.ledger import Ledger
from storage.db.schema import source_digests
from storage.errors import MissingBucket, StorageError
from storage.files.folder import Folder
from storage.files.streams import BLOCK
from storage.on_use import fs, np

SUFFIXES = (".csv", ".csv.gz")
# A file that changed within this time could change again without a new modification time. Its SHA-256 is not stored.
SETTLED = timedelta(seconds=2)
# Bytes of a range of a large file. To find its start and to begin a call for it takes a tenth of a second, and to read
# 128 MiB about one, so that smaller ranges of a very large file would cost more than they bring. A file that has not so
# many ranges is read in up to 16 smaller ones, which keep all processors busy to its end.
RANGE, SMALL_RANGE = 128 * 1024**2, 32 * 1024**2
MOST_SMALL_RANGES = 16
LINE_END = ord("\n")


class ExtractMissing(StorageError):
    """A dataset is missing from the data folder, or is in it more than once."""

    exit_code = 3


@dataclass(frozen=True)
class SourceFile:
    """One raw extract, or one part of it: folder, name, bytes, and SHA-256 of the file as received.

    `lines` has, for each range of `range` bytes of a large file, the line ends before the range; else nothing.
    """

    dataset: str
    folder: str
    name: str
    bytes: int
    sha256: str
    stamp: str = ""
    lines: tuple[int, ...] = ()
    range: int = 0

    def is_unchanged(self) -> bool:
        """Whether the file has the bytes of its SHA-256. One with another stamp, such as a copy, is read for that."""
        folder = Folder.at(self.folder)
        info = folder.infos([f"{folder.root}/{self.name}"])[0]
        if info.type != fs.FileType.File or info.size != self.bytes:
            return False
        stamp = folder.stamp(info)
        return stamp == self.stamp or _sha256(self.folder, info.path, stamp) == self.sha256

    def open(self) -> Any:
        """A binary stream of the file as received."""
        folder = Folder.at(self.folder)
        return folder.open_stream(f"{folder.root}/{self.name}")

    def open_anywhere(self) -> Any:
        """A random-access binary reader of the file as received."""
        folder = Folder.at(self.folder)
        return folder.call(self.name, lambda: folder.filesystem.open_input_file(f"{folder.root}/{self.name}"))


def source_files(ledger: Ledger, root: str, dataset: str, *, read_all: bool = False) -> tuple[SourceFile, ...]:
    """The files of a dataset in a data folder: `D.csv`, `D.csv.gz`, or all such files in the folder `D`.

    Parts are in the natural order of their names: `2024-9` comes before `2024-10`. Raises ExtractMissing when there is
    no file, or when more than one of these forms is there. A file whose size, times and inode are as when its SHA-256
    was computed is not read again, unless `read_all`.
    """
    try:
        return tuple(_source_file(ledger, root, dataset, info, read_all) for info in _infos(root, dataset))
    except MissingBucket as error:
        raise ExtractMissing(str(error)) from error
    except (OSError, UnicodeError) as error:
        raise ExtractMissing(f"{root} can't be read for {dataset} ({error}); fix its permissions and names.") from error


def _infos(root: str, dataset: str) -> list[Any]:
    folder = Folder.at(root)
    infos = [info for info in _candidates(folder, dataset) if info.type != fs.FileType.NotFound]
    if not infos:
        folder.refuse_missing_bucket()
        raise ExtractMissing(
            f"{folder.address}/{dataset}.csv is missing: {folder.address} has no {dataset}.csv, {dataset}.csv.gz or "
            f"folder {dataset}; put the extract there or name its folder with --data."
        )
    odd = [info.path for info in infos if info.type not in (fs.FileType.File, fs.FileType.Directory)]
    if odd:
        raise ExtractMissing(f"{odd[0]} is neither a file nor a folder; put the extract there.")
    if len(infos) > 1:
        names = " and ".join(info.base_name for info in infos)
        raise ExtractMissing(f"{folder.address} has {dataset} more than once ({names}); remove all but one.")
    files = _parts(folder, infos[0]) if infos[0].type == fs.FileType.Directory else infos
    if not files:
        raise ExtractMissing(f"{infos[0].path} has no .csv or .csv.gz file; put the parts of {dataset} there.")
    return files


def has_extracts(root: str, datasets: list[str]) -> bool:
    """Whether the folder has any of the datasets."""
    folder = Folder.at(root)
    with suppress(OSError):
        return any(info.type != fs.FileType.NotFound for dataset in datasets for info in _candidates(folder, dataset))
    return False


def _candidates(folder: Folder, dataset: str) -> list[Any]:
    names = [f"{folder.root}/{dataset}{suffix}" for suffix in ("", *SUFFIXES)]
    return folder.infos(names)


def _parts(folder: Folder, directory: Any) -> list[Any]:
    infos = folder.infos(fs.FileSelector(directory.path, recursive=False))
    parts = [
        info
        for info in infos
        if info.type == fs.FileType.File and info.base_name.endswith(SUFFIXES) and info.base_name[0] not in "._"
    ]
    return sorted(parts, key=lambda info: _natural(info.base_name))


def _natural(name: str) -> list[tuple[int, int, str]]:
    """A key that sorts numbers in names by their value, so that 2024-9 comes before 2024-10."""
    pieces = re.split("([0-9]+)", name)
    return [(1, int(piece), "") if piece.isdigit() else (0, 0, piece) for piece in pieces]


def _source_file(ledger: Ledger, root: str, dataset: str, info: Any, read_all: bool) -> SourceFile:
    folder = Folder.at(root)
    stamp = folder.stamp(info)
    stored = source_digests.c.path == info.path, source_digests.c.stamp == stamp
    ranges = 0 if info.base_name.endswith(".gz") else number_of_ranges(info.size)
    size = -(-info.size // max(ranges, 1))
    known = None
    if not read_all:
        with ledger.reading() as connection:
            known = connection.execute(select(source_digests.c.sha256, source_digests.c.lines).where(*stored)).first()
    sha256, lines = (known.sha256, known.lines or []) if known else ("", [])
    if not known or len(lines) != ranges:  # an earlier release did not count lines
        sha256, lines = _digest(folder, info, ranges, size)
        if datetime.now(UTC) - datetime.fromtimestamp(info.mtime_ns / 1e9, tz=UTC) > SETTLED:
            row = {"path": info.path, "stamp": stamp, "sha256": sha256, "lines": lines or None}
            with ledger.writing() as connection:
                connection.execute(delete(source_digests).where(*stored))
                connection.execute(insert(source_digests).values(row))
    name = info.path[len(folder.root) + 1 :]
    return SourceFile(dataset, root, name, int(info.size), sha256, stamp, tuple(lines), size)


@lru_cache(maxsize=64)
def _sha256(root: str, path: str, _stamp: str) -> str:
    """The SHA-256 of a file with that stamp, which all ranges of a large file ask for."""
    return _digest_at(Folder.at(root), path, 0, 0)[0]


def number_of_ranges(size: int) -> int:
    """In how many ranges a plain file of so many bytes is read; 0 when it is read in one piece."""
    number = max(size // RANGE, min(size // SMALL_RANGE, MOST_SMALL_RANGES))
    return number if number > 1 else 0


def _digest(folder: Folder, info: Any, ranges: int, size: int) -> tuple[str, list[int]]:
    """The SHA-256 of a file, and the line ends before each of its ranges."""
    try:
        return folder.call(info.base_name, lambda: _digest_at(folder, info.path, ranges, size))
    except OSError as error:
        raise ExtractMissing(f"{info.path} can't be read ({error.strerror or error}); fix its permissions.") from error


def _digest_at(folder: Folder, path: str, ranges: int, size: int) -> tuple[str, list[int]]:
    with folder.open_stream(path) as stream:
        return digest_and_lines(stream, ranges, size)


def digest_and_lines(stream: Any, ranges: int, size: int) -> tuple[str, list[int]]:
    """SHA-256, in hex, of a binary stream, and the line ends before each of its `ranges` ranges of `size` bytes.

    `ranges` is 0 for a stream whose lines are not counted.
    """
    digest, lines, count, position = hashlib.sha256(), [0] * min(ranges, 1), 0, 0
    while block := stream.read(min(BLOCK, size * len(lines) - position) if len(lines) < ranges else BLOCK):
        digest.update(block)
        position += len(block)
        if len(lines) < ranges:
            count += int(np.count_nonzero(np.frombuffer(block, np.uint8) == LINE_END))
            if position == size * len(lines):
                lines.append(count)
    return digest.hexdigest(), lines
