"""Model files, kept by their SHA-256, placed under the names that people know, and opened only when it matches."""

import hashlib
import io
import pickle
from typing import Any

from storage.errors import StorageError
from storage.files.folder import FileFacts, Folder


class UntrustedModel(StorageError):
    """A model file whose bytes the ledger does not know; it was not opened."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} was not opened: {why}; promote another version or train again.")
        self.path, self.why = path, why

    def __reduce__(self) -> tuple[object, ...]:
        return (UntrustedModel, (self.path, self.why))


class _Pickler(pickle._Pickler):  # noqa: SLF001 - the one in C can't be told how to meet strings
    """Pickles equal strings as one.

    Python's own way is to ask whether they are one object, which for the names of attributes depends on what the
    process did before: where a model was loaded first, a model of the same class that is fitted later has other bytes.
    """

    def __init__(self, file: io.BytesIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self._texts: dict[str, str] = {}

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        one = self._texts.setdefault(obj, obj) if type(obj) is str else obj
        super().save(one, save_persistent_id)  # type: ignore[misc]  # the stubs leave it out


class ModelStore:
    """Artifacts of models below one folder. Which of them may be opened, the ledger knows."""

    def __init__(self, root: str) -> None:
        self.folder = Folder.at(root)

    def keep(self, data: bytes) -> FileFacts:
        """The facts of an artifact that holds `data`, kept once however often it is made."""
        sha256 = hashlib.sha256(data).hexdigest()
        name = f".artifacts/{sha256}"
        if self.folder.size(name) != len(data) or self.folder.sha256(name) != sha256:
            self.folder.write(name, data)
        return FileFacts(name, len(data), sha256)

    def keep_pickle(self, value: Any) -> FileFacts:
        """The facts of the artifact that holds a value's pickle: the same bytes for an equal value in every process."""
        pickled = io.BytesIO()
        _Pickler(pickled, protocol=4).dump(value)
        return self.keep(pickled.getvalue())

    def place(self, artifact: FileFacts, name: str) -> FileFacts:
        """The facts of a copy of an artifact under the name `name`."""
        return self.folder.write(name, self.read(artifact))

    def read(self, facts: FileFacts) -> bytes:
        """The bytes of a file; UntrustedModel unless their SHA-256 is the one in `facts`."""
        path = self.folder.path(facts.name)
        if self.folder.size(facts.name) is None:
            raise UntrustedModel(path, "it is missing")
        data = self.folder.read(facts.name)
        if hashlib.sha256(data).hexdigest() != facts.sha256:
            raise UntrustedModel(path, "its SHA-256 is not the one that was registered")
        return data

    def load(self, facts: FileFacts) -> Any:
        """What was pickled, after its SHA-256 was found to match."""
        return pickle.load(io.BytesIO(self.read(facts)))  # noqa: S301 - the digest came from the ledger

    def intact(self, facts: FileFacts) -> bool:
        """Whether the file is there with the bytes that it was written with."""
        return self.folder.size(facts.name) == facts.bytes and self.folder.sha256(facts.name) == facts.sha256
