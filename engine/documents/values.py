"""The form of times and durations in documents."""

from datetime import datetime
from typing import Any

Document = dict[str, Any]  # plain JSON types


def seconds(start: datetime | None, end: datetime | None) -> float | None:
    """The seconds between two times; None when one is missing."""
    return None if start is None or end is None else round((end - start).total_seconds(), 3)


def moment(at: datetime | None) -> str | None:
    """A time in ISO 8601, UTC, rounded down to the second; None for None."""
    return None if at is None else at.strftime("%Y-%m-%dT%H:%M:%SZ")
