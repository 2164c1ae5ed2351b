"""Whether the nodes of a cluster read what a run has on paths of one machine."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from engine.errors import Refused
from engine.execution.executors import Executor
from jobs.job import Job
from storage.lake.marker import NAME
from storage.settings import is_remote

BEGINNING = 64 * 1024  # bytes


class Reach:
    """The files of this machine that the other nodes were found to read as well."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._read: set[str] = set()

    def has(self, jobs: Sequence[Job]) -> bool:
        """Whether all files of the jobs were looked for."""
        return all(path in self._read for job in jobs for path, _ in _paths(job))

    def refuse_unreadable(self, jobs: Sequence[Job]) -> None:
        """Looks for the files on all nodes. Raises Refused when one that may run these jobs has not the same ones."""
        advice = {path: setting for job in jobs for path, setting in _paths(job) if path not in self._read}
        found = self._executor.unshared(list(advice)) if advice else None
        if found is not None:
            host, path, wrong = found
            raise Refused(
                f"Host {host} of the Ray cluster {wrong} {path}; set {advice[path]} that all its machines share, "
                "and resume the run."
            )
        self._read.update(advice)


def contents_here(paths: Sequence[str]) -> dict[str, str]:
    """The size and the digest of the beginning of each file, of those that this process can read."""
    found = {}
    for path in paths:
        with suppress(OSError), Path(path).open("rb") as file:
            digest = hashlib.sha256(file.read(BEGINNING)).hexdigest()
            found[path] = f"{Path(path).stat().st_size} {digest}"
    return found


def difference(here: Mapping[str, str], there: Mapping[str, str]) -> tuple[str, str] | None:
    """(path, what is wrong) of the first file of this machine that another one does not have; None without one."""
    for path, content in here.items():
        if path not in there:
            return path, "can't read"
        if there[path] != content:
            return path, "has another file at"
    return None


def _paths(job: Job) -> Iterator[tuple[str, str]]:
    """The files of this machine that a job reads, each with the setting that names its place; stores by their mark."""
    for store in ("datamart", "models", "reports"):
        root = getattr(job.roots, store)
        if not is_remote(root):
            yield f"{root}/{NAME}", f"LOANWATCH_{store.upper()} to an s3:// address, or to a folder"
    for file in (file for files in job.extracts.values() for file in files):
        if not is_remote(file.folder):
            yield f"{file.folder}/{file.name}", "LOANWATCH_DATA (or --data) to an s3:// address, or to a folder"
    if job.declaration.endswith(".py"):
        yield job.declaration, "LOANWATCH_BOOK to a module of the image, or to a file"
