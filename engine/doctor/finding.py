"""The result of one check."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """The result of one check: `ok`, `warning` or `problem`, with a message that includes the solution."""

    check: str
    level: Literal["ok", "warning", "problem"]
    message: str
