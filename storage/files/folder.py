"""Files under one root, on a local disk or on object storage, written whole or not at all."""

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
DRAFT = ".tmp"  # how the name of a file ends that is not complete yet


@dataclass(frozen=True)
class FileFacts:
    """A stored file: its name under the root, size in bytes and SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


class HashingStream:
    """A binary sink that counts and digests what passes through it."""

    def __init__(self, sink: Any, path: str) -> None:
        self._sink = sink
        self._path = path
        self._sha256 = hashlib.sha256()
        self.bytes = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Bytes taken; all of `data`."""
        view = memoryview(data)
        self._sha256.update(view)
        try:
            self._sink.write(view)
        except OSError as error:
            raise CantWrite(self._path, error) from error
        self.bytes += view.nbytes
        return view.nbytes

    def flush(self) -> None:
        """Parquet's writer asks for it; the file is made durable once, when it is complete."""

    def writable(self) -> bool:
        return True

    def sha256(self) -> str:
        return self._sha256.hexdigest()


class Folder:
    """A root and the files below it, by names whose every segment is on an allow-list."""

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
        """The full path of `name`; StorageError when it could lead out of the root."""
        for segment in name.split("/"):
            if segment in ("", ".", "..") or not SAFE_NAME.fullmatch(segment):
                raise StorageError(
                    f"{name!r} is not a name that may be used below {self.root}; use letters, digits, _ . = -."
                )
        return f"{self.root}/{name}"

    def exists(self, name: str) -> bool:
        return bool(self.filesystem.get_file_info(self.path(name)).type != fs.FileType.NotFound)

    def size(self, name: str) -> int | None:
        """Bytes of the file, or None when there is none."""
        info = self.filesystem.get_file_info(self.path(name))
        return int(info.size) if info.type == fs.FileType.File else None

    def stamp(self, info: Any) -> str:
        """What changes whenever the file of this FileInfo is touched: size and times, and on a disk its inode."""
        if not self.is_local:
            return f"{info.size}:{info.mtime_ns}"
        found = Path(info.path).stat()
        return f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}"

    def names(self, name: str) -> list[str]:
        """Names of the files below the folder `name` ('' for the root), sorted, relative to the root."""
        selector = fs.FileSelector(self.path(name) if name else self.root, allow_not_found=True, recursive=True)
        found = self.filesystem.get_file_info(selector)
        return sorted(info.path[len(self.root) + 1 :] for info in found if info.type == fs.FileType.File)

    def open(self, name: str) -> Any:
        """A random-access binary reader of the file; StorageError when it is missing."""
        try:
            return self.filesystem.open_input_file(self.path(name))
        except FileNotFoundError:
            raise StorageError(f"{self.path(name)} is missing; run the pipeline again to make it anew.") from None

    def read(self, name: str) -> bytes:
        with self.open(name) as stream:
            return bytes(stream.read())

    @contextmanager
    def writing(self, name: str) -> Iterator[HashingStream]:
        """A sink for a new file, which appears under its name, complete and durable, when the block ends well."""
        path = self.path(name)
        try:
            if self.is_local:
                make_folder(Path(path).parent)
            else:
                self.filesystem.create_dir(path.rpartition("/")[0], recursive=True)
        except OSError as error:
            raise CantWrite(path, error) from error
        if not self.is_local:
            # An object appears when it is complete; one that was given up half-way is deleted, and no ledger names it.
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
            with suppress(OSError):  # what could not be written has been told by now
                sink.close()
            with suppress(OSError):
                draft.unlink(missing_ok=True)

    def write(self, name: str, data: bytes) -> FileFacts:
        """The facts of a new file that holds `data`."""
        with self.writing(name) as sink:
            sink.write(data)
        return FileFacts(name, sink.bytes, sink.sha256())

    def sha256(self, name: str) -> str:
        """SHA-256 of the file's bytes, in hex."""
        with self.open(name) as stream:
            return stream_sha256(stream)

    def delete(self, name: str) -> None:
        """Deletes the file or folder `name`, if it is there."""
        info = self.filesystem.get_file_info(self.path(name))
        if info.type == fs.FileType.Directory:
            self.filesystem.delete_dir(info.path)
        elif info.type == fs.FileType.File:
            self.filesystem.delete_file(info.path)

    def remove_drafts(self, age: float) -> list[str]:
        """Paths of the drafts of at least `age` seconds, which killed processes have left; they are gone now."""
        if not self.is_local:
            return []
        removed = []
        for draft in Path(self.root).rglob(f"*{DRAFT}"):
            with suppress(OSError):  # whoever made it has finished it meanwhile
                if time.time() - draft.lstat().st_mtime >= age:
                    draft.unlink()
                    removed.append(str(draft))
        return removed

    def links_to(self, name: str, target: str) -> bool:
        """Whether the link `name` points at `target`; true on object storage, which has no links."""
        return not self.is_local or Path(self.path(name)).resolve() == Path(self.path(target)).resolve()

    def link(self, name: str, target: str) -> None:
        """Points the link `name` at `target` (both under the root), by rename; object storage has no links."""
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
    """SHA-256, in hex, of what is left in a binary stream."""
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
