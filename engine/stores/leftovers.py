"""What a cleaning finds in the stores, and what the ledger says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.ledger.operation.stores import Recorded, RunEnd

VERSION, PART, ARTIFACT, REPORT = "table version", "unrecorded part", "artifact", "report copy"
DRAFT, UPLOAD = "draft", "unfinished upload"
UNKNOWN = "this ledger has no record of its run"


@dataclass(frozen=True)
class Leftover:
    """A file, or the files of a version, and why it may go, or why it stays.

    `version` is its (table, version), if it is of one; `marked` whether the ledger says already that it is removed.
    """

    kind: str
    store: str
    name: str
    bytes: int
    why: str
    version: tuple[str, str] = ("", "")
    marked: bool = False
    upload: str = ""


@dataclass(frozen=True)
class Plan:
    """What may be deleted, and what is `unknown` to the ledger and stays.

    `started` tells whether a run started since; `seen` names the drafts and uploads, whose age the ledger measures.
    """

    started: tuple[int, datetime | None]
    items: tuple[Leftover, ...]
    unknown: tuple[Leftover, ...]
    seen: tuple[str, ...]

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in self.items)

    def of(self, kind: str) -> list[Leftover]:
        return [item for item in self.items if item.kind == kind]


@dataclass(frozen=True)
class Found:
    """What is in the stores. It was listed before the ledger was asked, so that no new run's files seem to be old."""

    tables: Mapping[tuple[str, str], Mapping[str, int]]
    artifacts: Mapping[str, int]
    reports: Mapping[str, int]
    drafts: Mapping[str, Leftover]


@dataclass(frozen=True)
class Known:
    """What the ledger says about it at `now`. A run that `ended` just now needs no retention."""

    now: datetime
    retention: timedelta
    ends: Mapping[str, RunEnd]
    recorded: Mapping[tuple[str, str], Recorded]
    removable: frozenset[tuple[str, str]]
    ended: str

    def is_over(self, run_id: str) -> bool:
        """Whether a run of this ledger ended so long ago that its unrecorded files may go."""
        end = self.ends[run_id].ended_at
        return end is not None and (run_id == self.ended or end + self.retention <= self.now)
