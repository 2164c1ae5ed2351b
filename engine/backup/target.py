"""The deployment that a restore makes: its settings while it is a draft, and its places."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy.engine import make_url

from engine.backup.manifest import Manifest
from engine.backup.places import Draft, RemoteRoot
from engine.errors import Refused
from storage.db.copies import is_unused, put_copy
from storage.db.ledger import Ledger
from storage.files.durable import sync_folder
from storage.settings import Settings, is_remote

LEDGER_DRAFT = ".restoring.db"  # in the draft of the home, when the ledger's final place is elsewhere


@dataclass(frozen=True)
class Target:
    """Where a backup is restored to. `settings` are those that the deployment will have, `draft` those until then."""

    settings: Settings
    draft: Settings
    home: Draft
    others: tuple[Draft | RemoteRoot, ...]

    @classmethod
    def of(cls, settings: Settings, manifest: Manifest) -> Self:
        home = Draft(settings.home.absolute())
        others: list[Draft | RemoteRoot] = []
        roots = {}
        for store in ("datamart", "models", "reports"):
            root = str(getattr(settings, f"{store}_root"))
            if is_remote(root):
                names = [each.name.partition("/")[2] for each in manifest.files if each.name.startswith(f"{store}/")]
                others.append(RemoteRoot(root, names))
                roots[store] = root
            elif Path(root).absolute().is_relative_to(home.final):
                roots[store] = str(home.path / Path(root).absolute().relative_to(home.final))
            else:
                others.append(Draft(Path(root).absolute()))
                roots[store] = str(Draft(Path(root).absolute()).path)
        ledger = _file_of(settings)
        inside = ledger is not None and ledger.is_relative_to(home.final)
        path = home.path / (ledger.relative_to(home.final) if ledger and inside else LEDGER_DRAFT)
        draft = settings.changed(home=home.path, ledger=f"sqlite:///{path}", passwords="", **roots)
        return cls(settings, draft, home, tuple(others))

    @property
    def ledger_draft(self) -> Path:
        return Path(make_url(self.draft.ledger_url).database or "")

    def check(self) -> None:
        """Raises Refused unless the home, every root and the ledger are absent or empty."""
        for place in (self.home, *self.others):
            place.check()
        file = _file_of(self.settings)
        if file is not None:
            if any(os.path.lexists(f"{file}{end}") for end in ("", "-wal", "-journal")):
                raise _not_empty(str(file))
            if not (file.is_relative_to(self.home.final) or file.parent.is_dir()):
                raise Refused(f"{file.parent} is no folder; make it, or name another place for the ledger.")
            return
        ledger = Ledger(self.settings.ledger_url)
        with ledger.reading() as connection:
            if not is_unused(connection):
                raise _not_empty(ledger.address)
        ledger.close()

    @contextmanager
    def under_construction(self) -> Iterator[None]:
        """The drafts and marks during the block. Nothing is left of them when the block fails."""
        places = (self.home, *self.others)
        succeeded = False
        try:
            for place in places:
                place.begin()
            yield
            succeeded = True
        finally:
            for place in places:
                place.end(succeeded=succeeded)

    def commit(self) -> None:
        """Gives all files their final place; the ledger comes last, so that nothing is used before it is complete."""
        file = _file_of(self.settings)
        if file is None:
            ledger = Ledger(self.settings.ledger_url)
            for place in self.others:  # before the transaction, because a store may be slow
                place.finish()
            with ledger.writing() as connection:
                if not is_unused(connection):
                    raise _not_empty(ledger.address)
                put_copy(self.ledger_draft, connection)
                self.ledger_draft.unlink()
                self.home.finish()
            ledger.close()
        elif self.ledger_draft.name == LEDGER_DRAFT:
            self._commit_file(file)
        else:
            self._finish()

    def _commit_file(self, file: Path) -> None:
        """Puts the ledger beside its final place, and gives it its name after everything else has its own."""
        draft = file.with_name(f".{file.name}{LEDGER_DRAFT}")
        try:
            shutil.copyfile(self.ledger_draft, draft)
            with draft.open("rb") as copied:
                os.fsync(copied.fileno())
            self.ledger_draft.unlink()
            self._finish()
            draft.rename(file)
            sync_folder(file.parent)
        finally:
            draft.unlink(missing_ok=True)

    def _finish(self) -> None:
        for place in (*self.others, self.home):
            place.finish()


def _file_of(settings: Settings) -> Path | None:
    """The file of a ledger on SQLite; None for PostgreSQL."""
    address = make_url(settings.ledger_url)
    return Path(address.database or "").absolute() if address.get_backend_name() == "sqlite" else None


def _not_empty(ledger: str) -> Refused:
    return Refused(
        f"The ledger {ledger} is in use, and a restore overwrites nothing; name a new one in LOANWATCH_LEDGER."
    )
