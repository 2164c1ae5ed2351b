"""The store of reports: what each run drew, and the report of each name that was published last.

A run writes its copy aside, under `.versions/RUN/`. The name that people read is pointed at a copy when the run has
published. On object storage, which has no links, the copy is copied.
"""

from typing import Any

from storage.files.away import RETRY_SECONDS
from storage.files.folder import FileFacts, Folder

COPIES = ".versions"  # the folder of the copies, each in the folder of its run


class ReportStore:
    """The reports below one folder. The ledger records which copy is published. `run_id` is of the run that writes."""

    def __init__(self, root: str, run_id: str = "", retry: float = RETRY_SECONDS) -> None:
        self.folder = Folder.at(root, retry, "LOANWATCH_REPORTS")
        self._run_id = run_id

    def write(self, name: str, data: bytes) -> FileFacts:
        """The facts of this run's copy of the report `name`. Readers do not see it until it is published."""
        return self.folder.write(f"{COPIES}/{self._run_id}/{name}", data)

    def path(self, name: str) -> str:
        """The path at which people read a report."""
        return self.folder.path(name)

    def intact(self, facts: FileFacts) -> bool:
        """Whether the file has the size and SHA-256 with which it was written."""
        size = self.folder.size(facts.name)
        return size == facts.bytes and self.folder.sha256(facts.name) == facts.sha256

    def is_placed(self, facts: FileFacts) -> bool:
        """Whether people read this copy under the report's name."""
        name = public_name(facts)
        if self.folder.is_local:
            return self.folder.links_to(name, facts.name)
        return self.intact(FileFacts(name, facts.bytes, facts.sha256))

    def place(self, facts: FileFacts) -> None:
        """Puts this copy where people read the report: they see the one before or this one, never a part of it."""
        if self.folder.is_local:
            self.folder.link(public_name(facts), facts.name)
        else:
            self.folder.write(public_name(facts), self.folder.read(facts.name))


def public_name(facts: FileFacts) -> str:
    """The name under which people read a report. Reports of earlier releases have no other."""
    return facts.name.rpartition("/")[2]


def facts_of(row: Any) -> FileFacts:
    """The copy that a row of the published reports names."""
    return FileFacts(row.file, row.bytes, row.sha256)
