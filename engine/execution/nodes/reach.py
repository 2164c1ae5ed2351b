"""Whether the nodes of a cluster can read what a run has on paths of one machine."""

import os
from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.errors import Refused
from jobs.job import Job
from storage.lake.marker import NAME
from storage.settings import is_remote


class Reader(Protocol):
    """What knows the nodes."""

    def unreadable(self, paths: Sequence[str]) -> tuple[str, str] | None:
        """(host, path) of a path that a process on another machine can't read; None when there is none."""


def refuse_unreadable(reader: Reader, jobs: Sequence[Job]) -> None:
    """Raises Refused when another machine that may run these jobs can't read what they read."""
    advice = {path: setting for job in jobs for path, setting in _paths(job)}
    found = reader.unreadable(list(advice)) if advice else None
    if found is not None:
        host, path = found
        raise Refused(
            f"Host {host} of the Ray cluster can't read {path}; set {advice[path]} that all its machines share, "
            "and resume the run."
        )


def unreadable_here(paths: Sequence[str]) -> list[str]:
    """Those of the paths that this process can't read."""
    return [path for path in paths if not os.access(path, os.R_OK)]


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
