"""Unreadable bytes of a Parquet file, as an error that names the file."""

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa

from storage.errors import DamagedFile


@contextmanager
def damage_as_error(path: str) -> Iterator[None]:
    """Raises Arrow's errors about unreadable bytes as DamagedFile with the file's path."""
    try:
        yield
    except (pa.ArrowInvalid, OSError) as error:
        raise DamagedFile(path, str(error).splitlines()[0][:120]) from error
