"""The message of a worker to a run process: a claimed run and the settings."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from storage.ledger.leases import Lease

# The exit codes with which a run process asks its worker to requeue the run.
RAY_IS_GONE = 75
CODE_CHANGED = 76
LEDGER_IS_AWAY = 77  # the exit code with which it says that the run could not go on without the ledger


@dataclass(frozen=True)
class RunAssignment:
    """A claimed run, and the settings of the deployment."""

    lease: Lease
    settings: dict[str, Any]

    def as_line(self) -> bytes:
        """The assignment as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


def assignment_from_line(line: bytes) -> RunAssignment:
    """The assignment of its line; the inverse of `as_line`."""
    content = json.loads(line)
    return RunAssignment(Lease(**content["lease"]), content["settings"])
