"""What all processes of a test run share: one folder, in which the first that needs something makes it."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def run_folder(temporary: pytest.TempPathFactory) -> Path:
    """The folder of the whole test run; with xdist, the parent of each process's own."""
    base = temporary.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """One process at a time."""
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made_once(temporary: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of that name, which `make` fills if no process of this run has done so yet."""
    folder = run_folder(temporary) / name
    done = folder.with_suffix(".done")
    with exclusive(folder):
        if not done.exists():
            make(folder)
            done.touch()
    return folder
