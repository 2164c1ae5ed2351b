"""A run's graph: its levels, its links, when tasks were ready, the critical path, and the estimated time left."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from graphlib import TopologicalSorter
from statistics import median

from storage.db.ledger import LedgerRow

Upstream = Mapping[str, tuple[str, ...]]
ENOUGH = 10  # the newest times of a task that are used for its median
OPEN = ("queued", "running", "retrying")
LATE = 0.1  # of its usual time, and a second, which a task exceeds before it is told


def levels(upstream: Upstream) -> list[list[str]]:
    """Names by depth. A task is one level below its deepest upstream task; a level is in the order of declaration."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(upstream).static_order():
        depth[name] = 1 + max((depth[each] for each in upstream[name]), default=-1)
    return [[name for name in upstream if depth[name] == level] for level in range(max(depth.values(), default=-1) + 1)]


def links(upstream: Upstream) -> list[tuple[str, str]]:
    """Pairs of a task and a task downstream of it, without those that follow from other pairs."""
    ancestors: dict[str, set[str]] = {}
    for name in TopologicalSorter(upstream).static_order():
        ancestors[name] = set(upstream[name]).union(*(ancestors[each] for each in upstream[name]))
    return [
        (each, name)
        for name, direct in upstream.items()
        for each in direct
        if not any(each in ancestors[other] for other in direct)
    ]


def ready_times(upstream: Upstream, rows: Sequence[LedgerRow], started: datetime) -> dict[str, datetime]:
    """When each task could begin: the run had started and its last upstream task had finished. Only where it is known.

    `upstream` has the tasks whose upstream tasks are known.
    """
    ends = {row.task: row.finished_at for row in rows}
    needed = {name: [ends.get(each) for each in direct] for name, direct in upstream.items()}
    return {name: max([started, *filter(None, found)]) for name, found in needed.items() if None not in found}


def critical_path(upstream: Upstream, finished: Mapping[str, datetime]) -> list[str]:
    """The tasks that determined the duration of the run, first to last.

    It goes from the task that finished last back to its upstream task that finished last, and so on. Of tasks that
    finished at the same time, it has the first declared.
    """
    path: list[str] = []
    left = [name for name in upstream if name in finished]
    while left:
        path.append(max(left, key=lambda name: finished[name]))
        left = [name for name in upstream[path[-1]] if name in finished]
    return path[::-1]


def usual_times(rows: Iterable[LedgerRow]) -> dict[str, float]:
    """The median of each task's newest times, in seconds. The rows are newest first."""
    times: dict[str, list[float]] = {}
    for row in rows:
        times.setdefault(row.task, []).append((row.finished_at - row.started_at).total_seconds())
    return {task: median(seconds[:ENOUGH]) for task, seconds in times.items()}


def time_left(upstream: Upstream, rows: Sequence[LedgerRow], usual: Mapping[str, float], now: datetime) -> float | None:
    """Seconds until the longest chain of open tasks is done, when every task takes its usual time.

    A task that has exceeded its usual time counts as done. None when an open task has no usual time.
    """
    by_name = {row.task: row for row in rows}
    until: dict[str, float] = {}
    for name in TopologicalSorter(upstream).static_order():
        row = by_name.get(name)
        state = row.state if row else "queued"
        if state in OPEN and name not in usual:
            return None
        spent = (now - row.started_at).total_seconds() if row and row.started_at else 0.0
        own = max(0.0, usual[name] - spent) if state in OPEN else 0.0
        until[name] = own + max((until[each] for each in upstream[name]), default=0.0)
    return max(until.values(), default=None)


def overrun(rows: Sequence[LedgerRow], usual: Mapping[str, float], now: datetime) -> tuple[str, float] | None:
    """The running task that exceeds its usual time most, and by how many seconds; None when none does."""
    running = [row for row in rows if row.state in ("running", "retrying") and row.started_at and row.task in usual]
    over = {row.task: (now - row.started_at).total_seconds() - usual[row.task] for row in running}
    late = {task: seconds for task, seconds in over.items() if seconds > max(1.0, LATE * usual[task])}
    return max(late.items(), key=lambda each: each[1], default=None)
