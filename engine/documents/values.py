"""How documents write moments and durations."""

from datetime import datetime
from typing import Any

Document = dict[str, Any]  # plain JSON types


def seconds(start: datetime | None, end: datetime | None) -> float | None:
    """The seconds between two moments; None when one is missing."""
    return None if start is None or end is None else round((end - start).total_seconds(), 3)


def moment(at: datetime | None) -> str | None:
    """A moment in ISO 8601, UTC, to the second."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
