"""Words that several sections share."""

from datetime import UTC, datetime


def day_and_time(at: datetime) -> str:
    """A time in UTC to the minute."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
