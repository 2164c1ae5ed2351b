"""Files under one root, on a local disk or on object storage. A file is written completely or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Self, TypeVar

from storage.errors import MissingBucket, StorageError, UsageError
from storage.files.away import RETRY_SECONDS, StorageRefused, until_there
from storage.files.drafts import draft_of
from storage.files.durable import CantWrite, linked, make_durable, opened
from storage.files.streams import BLOCK, HashingStream, stream_sha256
from storage.files.uploads import endpoint_of
from storage.on_use import fs, pa
from storage.settings import is_remote

Result = TypeVar("Result")
SAFE_NAME = re.compile(r"[A-Za-z0-9_.=-]{1,160}")
IN_MEMORY = 64 * 1024**2  # bytes of an object up to which it waits in memory, not on a disk, for its upload


@dataclass(frozen=True)
class FileFacts:
    """A stored file: its name under the root, size in bytes and SHA-256 in hex."""

    name: str
    bytes: int
    sha256: str


class Folder:
    """A root and the files below it. Every segment of a name must match SAFE_NAME.

    Each call is tried again for `retry` seconds while the store is away (see storage.files.away). Of object
    storage it may know the setting that names it and the endpoint, for people.
    """

    def __init__(
        self, filesystem: fs.FileSystem | None, root: str, retry: float = RETRY_SECONDS, of: tuple[str, str] = ("", "")
    ) -> None:
        self._filesystem = filesystem
        self._setting, self._endpoint = of
        self.root = root.rstrip("/")
        self.retry = retry
        self.is_local = filesystem is None or isinstance(filesystem, fs.LocalFileSystem)

    @cached_property
    def filesystem(self) -> fs.FileSystem:
        """The file system of the folder; this machine's when none was given."""
        return self._filesystem or fs.LocalFileSystem()

    @classmethod
    def at(cls, root: str, retry: float = RETRY_SECONDS, setting: str = "") -> Self:
        """The folder at a path or at an address such as `s3://bucket/prefix`, and the setting that names it."""
        if not is_remote(root):
            return cls(None, str(Path(root).absolute()), retry)
        try:
            filesystem, path = until_there(root.partition("?")[0], retry, lambda: fs.FileSystem.from_uri(root))
        except (pa.ArrowInvalid, OSError) as error:
            raise UsageError(f"{root} can't be used as a folder ({error}); give a path or s3://bucket/...") from error
        return cls(filesystem, path, retry, (setting, endpoint_of(root)))

    @property
    def address(self) -> str:
        """The root as people know it, without the options of its address."""
        return self.root if self.is_local else f"s3://{self.root}"

    def refuse_missing_bucket(self) -> None:
        """Raises MissingBucket when object storage says that it has no bucket of this name."""
        bucket = self.root.partition("/")[0]
        with suppress(StorageRefused):  # a key may be allowed to read what is below a prefix alone
            if not self.is_local and self.infos([bucket])[0].type == fs.FileType.NotFound:
                named = self._setting or self.address
                raise MissingBucket(
                    f"The bucket {bucket} of {named} does not exist at {self._endpoint}; correct the address."
                )

    def call(self, name: str, function: Callable[[], Result]) -> Result:
        """The result of a function that reads or writes `name`, tried again while the store is away."""
        return until_there(f"{self.root}/{name}" if name else self.root, self.retry, function)

    def path(self, name: str) -> str:
        """The full path of `name`. Raises StorageError when it could lead out of the root."""
        for segment in name.split("/"):
            if segment in ("", ".", "..") or not SAFE_NAME.fullmatch(segment):
                raise StorageError(f"{name!r} is not a valid name below {self.root}; use letters, digits, _ . = -.")
        return f"{self.root}/{name}"

    def exists(self, name: str) -> bool:
        return bool(self._info(name).type != fs.FileType.NotFound)

    def size(self, name: str) -> int | None:
        """Bytes of the file, or None when there is none."""
        info = self._info(name)
        return int(info.size) if info.type == fs.FileType.File else None

    def stamp(self, info: Any) -> str:
        """A text that changes when the file of this FileInfo changes: size and times, on a disk also the inode."""
        if not self.is_local:
            return f"{info.size}:{info.mtime_ns}"
        stat = Path(info.path).stat()
        return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ctime_ns}:{stat.st_ino}"

    def infos(self, wanted: Any) -> list[Any]:
        """The FileInfos of a list of full paths, or of a FileSelector."""
        return list(self.call("", lambda: self.filesystem.get_file_info(wanted)))

    def names(self, name: str) -> list[str]:
        """Names of the files below the folder `name` ('' for the root), sorted, relative to the root."""
        return sorted(self.sizes(name))

    def sizes(self, name: str) -> dict[str, int]:
        """The files below the folder `name` ('' for the root), by their name relative to the root, with their bytes."""
        selector = fs.FileSelector(self.path(name) if name else self.root, allow_not_found=True, recursive=True)
        files = (info for info in self.infos(selector) if info.type == fs.FileType.File)
        return {info.path[len(self.root) + 1 :]: int(info.size) for info in files}

    def open(self, name: str) -> Any:
        """A random-access binary reader of the file. Raises StorageError when it is missing."""
        path = self.path(name)
        try:
            return self.call(name, lambda: self.filesystem.open_input_file(path))
        except FileNotFoundError:
            self.refuse_missing_bucket()
            raise StorageError(f"{path} is missing; run the pipeline again to rebuild it.") from None

    def read(self, name: str) -> bytes:
        return self._of_file(name, lambda stream: bytes(stream.read()))

    def open_stream(self, path: str) -> Any:
        """A binary stream of the file at a full path, as it is stored."""
        return until_there(path, self.retry, lambda: self.filesystem.open_input_stream(path, compression=None))

    @contextmanager
    def writing(self, name: str) -> Iterator[HashingStream]:
        """A sink for a new file. The file appears, complete and durable, when the block ends without an error."""
        path = self.path(name)
        if not self.is_local:
            # Complete before its upload begins, so that an upload can begin anew, and an error leaves no object.
            with SpooledTemporaryFile(max_size=IN_MEMORY) as spool:
                yield HashingStream(spool, path)
                self._upload(spool, path)
            return
        draft = Path(draft_of(path))
        try:
            sink = self.call(name, lambda: opened(draft))
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
        return self._of_file(name, stream_sha256)

    def delete(self, name: str) -> None:
        """Deletes the file, folder or link `name`, if it exists."""
        path = self.path(name)
        if self.is_local and Path(path).is_symlink():
            Path(path).unlink(missing_ok=True)
            return
        info = self._info(name)
        with suppress(FileNotFoundError):  # an earlier try, or another process, deleted it
            if info.type == fs.FileType.Directory:
                self.call(name, lambda: self.filesystem.delete_dir(path))
            elif info.type == fs.FileType.File:
                self.call(name, lambda: self.filesystem.delete_file(path))

    def delete_empty(self, name: str) -> None:
        """Deletes a folder that is empty. On object storage it is an object without bytes, which a deletion leaves."""
        if self.is_local:
            with suppress(OSError):
                Path(self.path(name)).rmdir()
        elif not self.sizes(name):
            self.delete(name)

    def temporary_names(self) -> list[str]:
        """Names, relative to the root, of the files and links of this machine that end in `.tmp`. None on S3."""
        found = Path(self.root).rglob("*.tmp") if self.is_local else ()
        return sorted(str(path.relative_to(self.root)) for path in found)

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
        draft = link.with_name(draft_of(f".{link.name}"))
        try:
            self.call(name, lambda: linked(draft, relative, link))
        except OSError as error:
            raise CantWrite(str(link), error) from error

    def _of_file(self, name: str, function: Callable[[Any], Result]) -> Result:
        def whole() -> Result:
            with self.open(name) as stream:
                return function(stream)

        return self.call(name, whole)

    def _info(self, name: str) -> Any:
        return self.infos([self.path(name)])[0]

    def _upload(self, spool: Any, path: str) -> None:
        try:
            until_there(path, self.retry, lambda: self._put(spool, path))
        except OSError as error:
            raise CantWrite(path, error) from error

    def _put(self, spool: Any, path: str) -> None:
        spool.seek(0)
        try:
            with self.filesystem.open_output_stream(path) as sink:
                while block := spool.read(BLOCK):
                    sink.write(block)
        except OSError:
            raise  # the object did not appear
        except BaseException:  # Arrow ends the upload, of whatever it has got, when its stream is closed
            with suppress(OSError):
                self.filesystem.delete_file(path)
            raise
