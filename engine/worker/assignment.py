"""What a worker tells a driver process to do."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from storage.ledger.leases import Lease

RAY_IS_GONE = 75  # the exit code with which a driver asks its worker to hand the run back


@dataclass(frozen=True)
class RunAssignment:
    """A claimed run, and the settings of the deployment."""

    lease: Lease
    settings: dict[str, Any]

    def as_line(self) -> bytes:
        """The order as one line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


def assignment_from_line(line: bytes) -> RunAssignment:
    """The order that `as_line` wrote."""
    content = json.loads(line)
    return RunAssignment(Lease(**content["lease"]), content["settings"])
