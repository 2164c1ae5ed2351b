"""Binary streams with the SHA-256 of what passes through them."""

import hashlib
from typing import Any

from storage.files.durable import CantWrite

BLOCK = 4 * 1024**2


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


def stream_sha256(stream: Any) -> str:
    """SHA-256, in hex, of the rest of a binary stream."""
    digest = hashlib.sha256()
    while block := stream.read(BLOCK):
        digest.update(block)
    return digest.hexdigest()
