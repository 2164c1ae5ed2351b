"""Unreadable bytes of a Parquet file, as an error that names the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from storage.errors import DamagedFile
from storage.on_use import pa


@contextmanager
def damage_as_error(path: str) -> Iterator[None]:
    """Raises Arrow's errors about unreadable bytes as DamagedFile with the file's path."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedFile(path, str(error).splitlines()[0][:120]) from error
