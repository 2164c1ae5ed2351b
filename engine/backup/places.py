"""Where a restored deployment gets its files: local folders that are drafts until the end, and object storage.

A draft is beside the folder that it becomes. A root on object storage has no other name: until it is complete it has
a mark, so that the restore can be repeated after a kill.
"""

import fcntl
import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from engine.errors import Refused
from storage.files.durable import sync_folder
from storage.files.folder import Folder

MARK = ".restoring"


@dataclass
class Draft:
    """A local folder under construction. `lock` is held by the living process that makes it."""

    final: Path
    lock: IO[bytes] | None = None
    is_final: bool = False

    @property
    def path(self) -> Path:
        return self.final.with_name(f".{self.final.name}{MARK}")

    def check(self) -> None:
        """Raises Refused unless the folder is absent or empty, in a folder that exists."""
        if self.final.is_symlink() or (self.final.exists() and (self.final.is_file() or any(self.final.iterdir()))):
            raise Refused(
                f"{self.final} is not empty, and a restore overwrites nothing; name a new folder, or move it away."
            )
        if not self.final.parent.is_dir():
            raise Refused(f"{self.final.parent} is no folder; make it, or name another place.")

    def begin(self) -> None:
        """Makes the draft anew. Raises Refused when another process makes it, or it is no draft of a restore."""
        mark = self.path / MARK
        if os.path.lexists(self.path) and not mark.is_file():
            raise Refused(f"{self.path} is in the way and not of a restore; move it elsewhere.")
        self.path.mkdir(exist_ok=True)
        lock = mark.open("ab")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            raise Refused(f"Another restore to {self.final} is under way; wait for its end.") from None
        self.lock = lock
        for entry in self.path.iterdir():  # what a restore that was killed left
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name != MARK:
                entry.unlink()

    def finish(self) -> None:
        """Gives the folder its final name, also over an empty folder."""
        self.path.rename(self.final)
        self.is_final = True
        (self.final / MARK).unlink()  # not before: a draft without its mark would be taken for something else
        sync_folder(self.final.parent)

    def end(self, *, succeeded: bool) -> None:
        """Removes what a restore that failed has made, under either name."""
        if self.lock is None:
            return
        if not succeeded:
            shutil.rmtree(self.final if self.is_final else self.path, ignore_errors=True)
        self.lock.close()


@dataclass
class RemoteRoot:
    """A root on object storage. `names` are those of the files that it gets."""

    root: str
    names: Collection[str]
    begun: bool = field(default=False)

    def check(self) -> None:
        """Raises Refused unless the root is empty, or has nothing but files of the same names from a killed restore."""
        found = set(Folder.at(self.root).names(""))
        if found and (MARK not in found or found - {MARK, *self.names}):
            raise Refused(
                f"{self.root} is not empty, and a restore overwrites nothing; name another root, or empty this one if "
                "a restore was killed there and no ledger uses it."
            )

    def begin(self) -> None:
        Folder.at(self.root).write(MARK, b"")
        self.begun = True

    def finish(self) -> None:
        Folder.at(self.root).delete(MARK)

    def end(self, *, succeeded: bool) -> None:
        """Deletes what a restore that failed has written; the mark last."""
        if self.begun and not succeeded:
            with suppress(OSError):
                for name in (*self.names, MARK):
                    Folder.at(self.root).delete(name)
