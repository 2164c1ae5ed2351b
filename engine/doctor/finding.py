"""What looking a deployment over finds."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: `ok`, `warning` or `problem`, and what to do unless it is ok."""

    check: str
    level: Literal["ok", "warning", "problem"]
    message: str
