"""What changed between the profiles of two deliveries, in sentences.

- The rows became fewer by more than 5%, or more than twice as many.
- The share of rows that are missing changed by more than 2 percentage points, that of unreadable ones by more than 0.5.
- A column of several values has a single one now.
- The median of a number moved by a factor of 1.5 or more, from or to 0, or to the other sign.
- A category has a level that it did not have, or lost one, with at least 1% of the values. Categories of which 20
  levels are kept are not compared.
- A column came or went.

Rows come first, then values that went or came by their share, single values, medians by their factor, levels by their
share.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jobs.profiles.summary import LEVELS, Profile, Summary

FEWER_ROWS, MORE_ROWS = 0.95, 2.0  # times the rows before
MISSING, UNREADABLE = 0.02, 0.005  # difference of shares of rows
FACTOR = 1.5
LEVEL = 0.01  # share of the values


@dataclass(frozen=True)
class Change:
    """A sentence about a column, '' for the delivery as a whole; `rank` and then `size` say how important it is."""

    column: str
    sentence: str
    rank: int
    size: float = 0.0


def changes(before: Profile, now: Profile, *, rows: bool = True) -> list[Change]:
    """What changed, the most important first. Without `rows`, the numbers of rows are not compared."""
    found = list(_rows(before["rows"], now["rows"])) if rows else []
    known, columns = ({column["name"]: column for column in profile["columns"]} for profile in (before, now))
    for name, column in columns.items():
        if name in known:
            found += _changes_of(known[name], column)
        else:
            found.append(Change(name, f"{name}: a new column", rank=1))
    found += [Change(name, f"{name}: the column is gone", rank=1) for name in known if name not in columns]
    return sorted(found, key=lambda change: (change.rank, -change.size))


def share(summary: Summary, what: str) -> float:
    """The share of a column's rows that are `missing` or `unreadable`; 0 without rows."""
    counts: Mapping[str, int] = summary[what]
    return sum(counts.values()) / summary["rows"] if summary["rows"] else 0.0


def number_text(number: float) -> str:
    """A number as a person reads it: whole and in groups of three from 1,000 on, else to 4 significant digits."""
    return f"{number:,.0f}" if abs(number) >= 1000 or number == int(number) else f"{number:.4g}"


def _rows(before: int, now: int) -> Iterator[Change]:
    if now < FEWER_ROWS * before or now > MORE_ROWS * before:
        percent = f" ({(now - before) / before:+.0%})" if before else ""
        yield Change("", f"rows: {before:,} → {now:,}{percent}", rank=0)


def _changes_of(before: Summary, now: Summary) -> Iterator[Change]:
    name = now["name"]
    for what, most in (("missing", MISSING), ("unreadable", UNREADABLE)):
        old, new = share(before, what), share(now, what)
        if abs(new - old) > most:
            yield Change(name, f"{name}: {what} {old:.1%} → {new:.1%}", 1, abs(new - old))
    if not now["present"] or not before["present"]:
        return
    if now["distinct"] == 1 < before["distinct"]:
        yield Change(name, f"{name}: a single value now, {before['distinct']:,} different ones before", 2)
    yield from _median(before, now)
    yield from _levels(before, now)


def _median(before: Summary, now: Summary) -> Iterator[Change]:
    old, new = before.get("median"), now.get("median")
    if not isinstance(old, int | float) or not isinstance(new, int | float) or old == new:
        return
    factor = max(old / new, new / old) if old * new > 0 else float("inf")
    if factor >= FACTOR:
        yield Change(now["name"], f"{now['name']}: median {number_text(old)} → {number_text(new)}", 3, factor)


def _levels(before: Summary, now: Summary) -> Iterator[Change]:
    old, new = dict(before.get("levels", ())), dict(now.get("levels", ()))
    if LEVELS in (len(old), len(new)):
        return
    for words, one, other, of in (("new level", new, old, now), ("no level", old, new, before)):
        for level, rows in one.items():
            part = rows / of["present"]
            if level not in other and part >= LEVEL:
                was = f"{part:.1%} of the values" if of is now else f"{part:.1%} of the values before"
                yield Change(now["name"], f"{now['name']}: {words} {level!r}, {was}", 4, part)
