"""Files under one root, on a local disk or on object storage. A file is written completely or not at all."""

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from pyarrow import fs

from storage.errors import StorageError, UsageError
from storage.files.durable import CantWrite, make_durable, make_folder, sync_folder
from storage.settings import is_remote

SAFE_NAME = re.compile(r"[A-Za-z0-9_.=-]{1,160}")
BLOCK = 4 * 1024**2
DRAFT = ".tmp"  # the suffix of a file that is not complete yet


@dataclass(frozen=True)
class FileFacts:
    """A stored file: its name under the root, size in bytes and SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


class HashingStream:
    """A binary sink that counts and hashes the bytes written to it."""

    def __init__(self, sink: Any, path: str) -> None:
        self._sink = sink
        self._path = path
        self._sha256 = hashlib.sha256()
        self.bytes = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """The number of bytes written, which is all of `data`."""
        view = memoryview(data)
        self._sha256.update(view)
        try:
            self._sink.write(view)
        except OSError as error:
            raise CantWrite(self._path, error) from error
        self.bytes += view.nbytes
        return view.nbytes

    def flush(self) -> None:
        """Does nothing. Parquet's writer calls it; the file is made durable once, when it is complete."""

    def writable(self) -> bool:
        return True

    def sha256(self) -> str:
        return self._sha256.hexdigest()


class Folder:
    """A root and the files below it. Every segment of a name must match SAFE_NAME."""

    def __init__(self, filesystem: fs.FileSystem, root: str) -> None:
        self.filesystem = filesystem
        self.root = root.rstrip("/")
        self.is_local = isinstance(filesystem, fs.LocalFileSystem)

    @classmethod
    def at(cls, root: str) -> Self:
        """The folder at a path of this machine or at an address such as `s3://bucket/prefix`."""
        if is_remote(root):
            try:
                filesystem, path = fs.FileSystem.from_uri(root)
            except (pa.ArrowInvalid, OSError) as error:
                raise UsageError(
                    f"{root} can't be used as a folder ({error}); give a path or s3://bucket/..."
                ) from error
            return cls(filesystem, path)
        return cls(fs.LocalFileSystem(), str(Path(root).absolute()))

    def path(self, name: str) -> str:
        """The full path of `name`. Raises StorageError when it could lead out of the root."""
        for segment in name.split("/"):
            if segment in ("", ".", "..") or not SAFE_NAME.fullmatch(segment):
                raise StorageError(f"{name!r} is not a valid name below {self.root}; use letters, digits, _ . = -.")
        return f"{self.root}/{name}"

    def exists(self, name: str) -> bool:
        return bool(self.filesystem.get_file_info(self.path(name)).type != fs.FileType.NotFound)

    def size(self, name: str) -> int | None:
        """Bytes of the file, or None when there is none."""
        info = self.filesystem.get_file_info(self.path(name))
        return int(info.size) if info.type == fs.FileType.File else None

    def stamp(self, info: Any) -> str:
        """A text that changes when the file of this FileInfo changes: size and times, on a disk also the inode."""
        if not self.is_local:
            return f"{info.size}:{info.mtime_ns}"
        stat = Path(info.path).stat()
        return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"

    def names(self, name: str) -> list[str]:
        """Names of the files below the folder `name` ('' for the root), sorted, relative to the root."""
        selector = fs.FileSelector(self.path(name) if name else self.root, allow_not_found=True, recursive=True)
        infos = self.filesystem.get_file_info(selector)
        return sorted(info.path[len(self.root) + 1 :] for info in infos if info.type == fs.FileType.File)

    def open(self, name: str) -> Any:
        """A random-access binary reader of the file. Raises StorageError when it is missing."""
        try:
            return self.filesystem.open_input_file(self.path(name))
        except FileNotFoundError:
            raise StorageError(f"{self.path(name)} is missing; run the pipeline again to rebuild it.") from None

    def read(self, name: str) -> bytes:
        with self.open(name) as stream:
            return bytes(stream.read())

    @contextmanager
    def writing(self, name: str) -> Iterator[HashingStream]:
        """A sink for a new file. The file appears, complete and durable, when the block ends without an error."""
        path = self.path(name)
        try:
            if self.is_local:
                make_folder(Path(path).parent)
            else:
                self.filesystem.create_dir(path.rpartition("/")[0], recursive=True)
        except OSError as error:
            raise CantWrite(path, error) from error
        if not self.is_local:
            # An object appears when it is complete. After an error it is deleted; the ledger does not list it yet.
            try:
                with self.filesystem.open_output_stream(path) as sink:
                    yield HashingStream(sink, path)
            except BaseException:
                with suppress(OSError):
                    self.filesystem.delete_file(path)
                raise
            return
        draft = Path(f"{path}.{os.getpid()}{DRAFT}")
        try:
            sink = draft.open("wb")
        except OSError as error:
            raise CantWrite(path, error) from error
        try:
            yield HashingStream(sink, path)
            make_durable(sink, draft, Path(path))
        finally:
            with suppress(OSError):  # an error in writing was raised already
                sink.close()
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> FileFacts:
        """Name, size and SHA-256 of a new file that contains `data`."""
        with self.writing(name) as sink:
            sink.write(data)
        return FileFacts(name, sink.bytes, sink.sha256())

    def sha256(self, name: str) -> str:
        """SHA-256 of the file's bytes, in hex."""
        with self.open(name) as stream:
            return stream_sha256(stream)

    def delete(self, name: str) -> None:
        """Deletes the file or folder `name`, if it exists."""
        info = self.filesystem.get_file_info(self.path(name))
        if info.type == fs.FileType.Directory:
            self.filesystem.delete_dir(info.path)
        elif info.type == fs.FileType.File:
            self.filesystem.delete_file(info.path)

    def remove_drafts(self, age: float) -> list[str]:
        """Deletes drafts that are at least `age` seconds old, which killed processes left. Returns their paths."""
        if not self.is_local:
            return []
        removed = []
        for draft in Path(self.root).rglob(f"*{DRAFT}"):
            with suppress(OSError):  # its process finished it in the meantime
                if time.time() - draft.lstat().st_mtime >= age:
                    draft.unlink()
                    removed.append(str(draft))
        return removed

    def links_to(self, name: str, target: str) -> bool:
        """Whether the link `name` points at `target`. True on object storage, which has no links."""
        return not self.is_local or Path(self.path(name)).resolve() == Path(self.path(target)).resolve()

    def link(self, name: str, target: str) -> None:
        """Points the link `name` at `target` (both under the root) by a rename. Object storage has no links."""
        if not self.is_local:
            return
        link = Path(self.path(name))
        relative = os.path.relpath(self.path(target), link.parent)
        if link.is_symlink() and str(link.readlink()) == relative:
            return
        draft = link.with_name(f".{link.name}.{os.getpid()}{DRAFT}")
        try:
            make_folder(link.parent)
            draft.unlink(missing_ok=True)
            draft.symlink_to(relative)
            draft.replace(link)
            sync_folder(link.parent)
        except OSError as error:
            raise CantWrite(str(link), error) from error


def stream_sha256(stream: Any) -> str:
    """SHA-256, in hex, of the rest of a binary stream."""
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
