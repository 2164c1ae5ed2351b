"""Times and durations as people read them: in the viewer's own time zone, the exact time on hover."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from markupsafe import Markup

from jobs import loan_calendar

day = loan_calendar.day
DAY, HOUR, MINUTE = 86_400, 3_600, 60
NOW = 5  # seconds: what is nearer is told as now


def viewer_zone() -> ZoneInfo:
    """The time zone of the browser that looks; UTC when it names none that is known here."""
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def local(at: datetime) -> datetime:
    """The time in the viewer's zone."""
    return at.astimezone(viewer_zone())


def exact(at: datetime) -> str:
    """The time to the second in both zones: `2026-11-23 04:10:05 CET (03:10:05 UTC)`."""
    return f"{local(at):%Y-%m-%d %H:%M:%S %Z} ({at.astimezone(UTC):%H:%M:%S UTC})"


def short(at: datetime, now: datetime) -> str:
    """The time as people say it: `04:10` today, `Mon 04:10` this week, else `23 Nov 04:10`, with a far year."""
    then, today = local(at), local(now)
    if then.date() == today.date():
        return f"{then:%H:%M}"
    if abs((then - today).total_seconds()) < 6 * DAY:
        return f"{then:%a %H:%M}"
    return f"{then.day} {then:%b %H:%M}" if then.year == today.year else f"{then.day} {then:%b %Y}"


def ago(at: datetime, now: datetime) -> str:
    """How long since, or until, in whole units: `just now`, `12 s ago`, `in 3 h`."""
    seconds = (now - at).total_seconds()
    if abs(seconds) < NOW:
        return "just now" if seconds >= 0 else "now"
    words = span(int(abs(seconds)), whole=True)
    return f"{words} ago" if seconds >= 0 else f"in {words}"


def ago_html(at: datetime, now: datetime) -> Markup:
    """`ago` as a `<time>` element, which the browser keeps up to date (see `components.ageing`)."""
    age = (now - at).total_seconds()
    return Markup('<time class="lw-ago" datetime="{}" title="{}" data-age="{:.0f}">{}</time>').format(
        at.isoformat(), exact(at), age, ago(at, now)
    )


def span(seconds: float, *, whole: bool = False) -> str:
    """A duration in its two largest units: `0.8 s`, `12 s`, `3 min 5 s`, `2 h 4 min`, `5 d 3 h`; `whole` seconds."""
    if seconds < 10 and not whole:
        return f"{seconds:.1f} s"
    total = int(seconds)
    if total < MINUTE:
        return f"{total} s"
    for large, small, names in ((DAY, HOUR, ("d", "h")), (HOUR, MINUTE, ("h", "min")), (MINUTE, 1, ("min", "s"))):
        if total >= large:
            rest = total % large // small
            return f"{total // large} {names[0]}" + (f" {rest} {names[1]}" if rest else "")
    return f"{total} s"


def time_html(at: datetime | None, now: datetime, words: str | None = None) -> Markup:
    """A `<time>` element: `words` or the short form, the exact time on hover; a dash for None."""
    if at is None:
        return Markup("-")
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), exact(at), words or short(at, now))
