"""The project's sources as they were when this process started. It runs these, whatever happens to the files later."""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.metadata import version
from importlib.util import spec_from_file_location
from pathlib import Path
from time import time
from types import ModuleType

from engine.cluster.guard import PROJECT

ROOMS = ("storage", "jobs", "engine")
LIBRARIES = ("pyarrow", "numpy", "pandas", "scipy", "scikit-learn", "altair", "vl-convert-python", "pillow")
YOUNG = 2.0  # seconds; a file that changed so shortly before could have changed twice with one time and size

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class Source:
    """The file of a module: its path and content, and what the file system said of it (time, size, inode)."""

    path: str
    content: bytes
    stamp: Stamp


def _files() -> Iterator[tuple[str, Stamp]]:
    """The path of every module of the project, and what the file system says of it."""
    for room in ROOMS:
        for folder, folders, names in os.walk(PROJECT / room):
            folders[:] = sorted(set(folders) - {"__pycache__"})
            for name in sorted(names):
                if name.endswith(".py"):
                    path = os.path.join(folder, name)  # noqa: PTH118 - thousands of Path objects take long
                    stat = os.stat(path)  # noqa: PTH116 - as above
                    yield path, (stat.st_mtime_ns, stat.st_size, stat.st_ino)


def _read() -> dict[str, Source]:
    found = {}
    for path, stamp in _files():
        words = Path(path).relative_to(PROJECT).with_suffix("").parts
        found[".".join(words).removesuffix(".__init__")] = Source(path, Path(path).read_bytes(), stamp)
    return found


AT_START: Mapping[str, Source] = _read()
READ_AT = time()


class _Loader(SourceFileLoader):
    """Loads a module from its content at the start of this process, with Python's compiled file if that is of it."""

    def get_data(self, path: str) -> bytes:
        """The content of the module at the start; of its compiled file, as it is."""
        return AT_START[self.name].content if path == self.path else super().get_data(path)

    def path_stats(self, path: str) -> Mapping[str, float]:
        """Time and size of the file at the start, by which Python knows a compiled file."""
        changed, size, _ = AT_START[self.name].stamp
        if READ_AT - changed / 1e9 < YOUNG:
            raise OSError(f"{path} is too young for a compiled file.")
        return {"mtime": int(changed / 1e9), "size": size}


class _Finder(MetaPathFinder):
    """Finds the modules of the project as they were at the start of this process."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module with that name; None for one that is not of the project."""
        del path, target
        source = AT_START.get(fullname)
        if source is None:
            return None
        return spec_from_file_location(fullname, source.path, loader=_Loader(fullname, source.path))


def load_as_at_start() -> None:
    """Has this process import the project's modules as they were when it started, also after they changed on disk."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


@cache
def content_of(module: str) -> bytes | None:
    """The content of a module at the start; None when the project has no such module.

    A module beside the rooms, which only a pipeline of one's own can name, is read when it is asked for first.
    """
    if module in AT_START:
        return AT_START[module].content
    if module.partition(".")[0] in ROOMS:
        return None
    path = PROJECT.joinpath(*module.split("."))
    files = (path.with_suffix(".py"), path / "__init__.py")
    return next((file.read_bytes() for file in files if file.is_file()), None)


@cache
def libraries() -> str:
    """The versions of the libraries that results depend on, and of Python."""
    python = ".".join(map(str, sys.version_info[:2]))
    return " ".join((f"python={python}", *(f"{library}={version(library)}" for library in LIBRARIES)))


@cache
def code_digest() -> str:
    """SHA-256 of all of the project's modules as this process runs them, and of the versions of its libraries."""
    code = hashlib.sha256(libraries().encode())
    for name, source in AT_START.items():
        code.update(f"\0{name}\0{len(source.content)}\0".encode() + source.content)
    return code.hexdigest()


def disk_stamp() -> int:
    """A number that changes when a module of the project changes on disk."""
    return hash(tuple(_files()))


def is_outdated() -> bool:
    """Whether the modules on disk are no longer those that this process runs."""
    known = {source.path: source for source in AT_START.values()}
    try:
        found = dict(_files())
        return found.keys() != known.keys() or any(
            stamp != known[path].stamp and Path(path).read_bytes() != known[path].content
            for path, stamp in found.items()
        )
    except OSError:  # a file was removed in the meantime
        return True
