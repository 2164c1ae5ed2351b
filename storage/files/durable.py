"""Files and folders of a local disk that outlast a power cut, as far as the disk keeps its word."""

import os
from pathlib import Path
from typing import Any

from storage.errors import StorageError


class CantWrite(StorageError):
    """A file that could not be written; on object storage a second try may help."""

    def __init__(self, path: str, error: OSError) -> None:
        super().__init__(f"{path} could not be written ({error.strerror or error}); free space or mend the disk.")


def make_durable(sink: Any, draft: Path, path: Path) -> None:
    """Gives a complete draft its name, so that both outlast a power cut."""
    try:
        sink.flush()
        os.fsync(sink.fileno())
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise CantWrite(str(path), error) from error


def make_folder(folder: Path) -> None:
    """Makes a local folder and those above it, so that their names outlast a power cut as the files in them do."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a local folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
