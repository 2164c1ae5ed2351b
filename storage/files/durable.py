"""Files and folders of a local disk that survive a power failure, if the disk honours `fsync`."""

import os
from pathlib import Path
from typing import Any

from storage.errors import StorageError


class CantWrite(StorageError):
    """A file could not be written. It is not tried again: a full or broken disk stays full or broken."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"{path} could not be written ({error.strerror or error}); free space or repair the disk.")


def make_durable(sink: Any, draft: Path, path: Path) -> None:
    """Renames a complete draft to its final path. File and name survive a power failure."""
    try:
        sink.flush()
        os.fsync(sink.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise CantWrite(str(path), error) from error


def make_folder(folder: Path) -> None:
    """Makes a local folder and its parents. Their names survive a power failure."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def opened(draft: Path) -> Any:
    """A sink for a new draft, in a folder that is made for it."""
    make_folder(draft.parent)
    return draft.open("wb")


def linked(draft: Path, target: str, link: Path) -> None:
    """Points a link at a target by a rename of its draft."""
    make_folder(link.parent)
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.replace(link)
    sync_folder(link.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a local folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
