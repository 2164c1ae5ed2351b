"""Words that several sections share."""

from datetime import UTC, datetime

from markupsafe import Markup

from engine.report.markup import day, join


def day_and_time(at: datetime) -> Markup:
    """A time in UTC to the minute, which breaks only after the day."""
    there = at.astimezone(UTC)
    return join([day(f"{there:%Y-%m-%d}"), day(f"{there:%H:%M} UTC")], " ")
