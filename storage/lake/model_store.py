"""Model files, stored by their SHA-256, copied under readable names, and opened only when the SHA-256 matches."""

import copyreg
import hashlib
import io
import pickle
import sys
from types import BuiltinFunctionType, FunctionType
from typing import Any

from storage.errors import StorageError
from storage.files.away import RETRY_SECONDS
from storage.files.folder import FileFacts, Folder

PROTOCOL = 4
ARTIFACTS = ".artifacts"
BY_NAME = (type, FunctionType, BuiltinFunctionType)  # a pickle has only their names


class UntrustedModel(StorageError):
    """A model file was not opened: its bytes are not the ones that were registered in the ledger."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} was not opened: {reason}; promote another version or train again.")
        self.path, self.reason = path, reason

    def __reduce__(self) -> tuple[object, ...]:
        return (UntrustedModel, (self.path, self.reason))


class _Pickler(pickle.Pickler):
    """Pickles equal attribute names, and equal texts among attributes, as one object.

    The pickler writes strings once that are the same object. Whether equal attribute names are the same object depends
    on what the process did before: after a model was loaded, a model of the same class that is fitted later would have
    other bytes.
    """

    def reducer_override(self, obj: Any) -> Any:
        """The pickler's own form of an object, with interned names and texts in its state."""
        if isinstance(obj, BY_NAME) or type(obj) in copyreg.dispatch_table or not hasattr(obj, "__dict__"):
            return NotImplemented
        reduced = obj.__reduce_ex__(PROTOCOL)
        if isinstance(reduced, str) or len(reduced) < 3 or not isinstance(reduced[2], dict):
            return reduced
        state = {_interned(name): _interned(value) for name, value in reduced[2].items()}
        return (*reduced[:2], state, *reduced[3:])


def _interned(value: Any) -> Any:
    return sys.intern(value) if type(value) is str else value


class ModelStore:
    """Artifacts of models below one folder. The ledger records which of them may be opened.

    The artifacts of each run, named by `made_by`, have a folder of their own, so that those of one can be removed while
    another makes the same.
    """

    def __init__(self, root: str, retry: float = RETRY_SECONDS, made_by: str = "") -> None:
        self.folder = Folder.at(root, retry, "LOANWATCH_MODELS")
        self._made_by = made_by

    def keep(self, data: bytes) -> FileFacts:
        """Name, size and SHA-256 of the artifact that contains `data`. A run stores equal data once."""
        sha256 = hashlib.sha256(data).hexdigest()
        name = "/".join(filter(None, (ARTIFACTS, self._made_by, sha256)))
        if self.folder.size(name) != len(data) or self.folder.sha256(name) != sha256:
            self.folder.write(name, data)
        return FileFacts(name, len(data), sha256)

    def keep_pickle(self, value: Any) -> FileFacts:
        """The artifact with a value's pickle. An equal value gives the same bytes in every process."""
        pickled = io.BytesIO()
        _Pickler(pickled, PROTOCOL).dump(value)
        return self.keep(pickled.getvalue())

    def place(self, artifact: FileFacts, name: str) -> FileFacts:
        """A copy of an artifact under the name `name`."""
        return self.folder.write(name, self.read(artifact))

    def read(self, facts: FileFacts) -> bytes:
        """The bytes of a file. Raises UntrustedModel unless their SHA-256 is the one in `facts`."""
        path = self.folder.path(facts.name)
        if self.folder.size(facts.name) is None:
            self.folder.refuse_missing_bucket()
            raise UntrustedModel(path, "it is missing")
        data = self.folder.read(facts.name)
        if hashlib.sha256(data).hexdigest() != facts.sha256:
            raise UntrustedModel(path, "its SHA-256 is not the one that was registered")
        return data

    def load(self, facts: FileFacts) -> Any:
        """The unpickled value of a file. Raises UntrustedModel unless its SHA-256 is the one in `facts`."""
        return pickle.load(io.BytesIO(self.read(facts)))  # noqa: S301 - the digest came from the ledger

    def intact(self, facts: FileFacts) -> bool:
        """Whether the file exists with the size and SHA-256 with which it was written."""
        return self.folder.size(facts.name) == facts.bytes and self.folder.sha256(facts.name) == facts.sha256
