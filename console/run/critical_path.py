"""What can be said of a run's graph: its levels, its links, the path that took longest, the time that is left."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from graphlib import TopologicalSorter
from statistics import median

from storage.db.ledger import LedgerRow

Needs = Mapping[str, tuple[str, ...]]
ENOUGH = 10  # newest times of a task that its median is taken of
OPEN = ("queued", "running", "retrying")


def levels(needs: Needs) -> list[list[str]]:
    """Names by depth, each one step behind the deepest that it needs; within a level as they were declared."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(needs).static_order():
        depth[name] = 1 + max((depth[need] for need in needs[name]), default=-1)
    return [[name for name in needs if depth[name] == level] for level in range(max(depth.values(), default=-1) + 1)]


def links(needs: Needs) -> list[tuple[str, str]]:
    """Pairs of names of which the second needs the first, without those that follow from others."""
    behind: dict[str, set[str]] = {}
    for name in TopologicalSorter(needs).static_order():
        behind[name] = set(needs[name]).union(*(behind[need] for need in needs[name]))
    return [
        (need, name)
        for name, wanted in needs.items()
        for need in wanted
        if not any(need in behind[other] for other in wanted)
    ]


def critical_path(needs: Needs, finished: Mapping[str, datetime]) -> list[str]:
    """The tasks that made the run as long as it was, first to last.

    From the task that finished last back over the needed task that finished last; of equals the first declared.
    """
    path: list[str] = []
    left = [name for name in needs if name in finished]
    while left:
        path.append(max(left, key=lambda name: finished[name]))
        left = [name for name in needs[path[-1]] if name in finished]
    return path[::-1]


def usual_times(rows: Iterable[LedgerRow]) -> dict[str, float]:
    """The median seconds of each task's newest times; the rows come newest first."""
    times: dict[str, list[float]] = {}
    for row in rows:
        times.setdefault(row.task, []).append((row.finished_at - row.started_at).total_seconds())
    return {task: median(found[:ENOUGH]) for task, found in times.items()}


def time_left(needs: Needs, rows: Sequence[LedgerRow], usual: Mapping[str, float], now: datetime) -> float | None:
    """Seconds until the longest chain of what is still open is done, were every task to take its usual time.

    A task that is over its usual time counts as about to end. None when an open task was never measured.
    """
    found = {row.task: row for row in rows}
    until: dict[str, float] = {}
    for name in TopologicalSorter(needs).static_order():
        row = found.get(name)
        state = row.state if row else "queued"
        if state in OPEN and name not in usual:
            return None
        spent = (now - row.started_at).total_seconds() if row and row.started_at else 0.0
        own = max(0.0, usual[name] - spent) if state in OPEN else 0.0
        until[name] = own + max((until[need] for need in needs[name]), default=0.0)
    return max(until.values(), default=None)
