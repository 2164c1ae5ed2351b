"""What must hold after a soak, and its figures."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from time import sleep
from typing import Protocol

import psutil
from sqlalchemy import func, select

from engine.deployment import Deployment
from engine.execution.vacuum import vacuum
from engine.scheduling.scheduler import timetables
from storage.db.schema import decisions, processes, publications, runs, slots
from storage.ledger.runs import recent_runs
from storage.ledger.schedules import schedule_rows

TOLERATED_MEMORY = 48 * 1024**2  # bytes: allocators are not exact
TOLERATED_HANDLES = 8
MOST_SHOWN = 5


class Soaked(Protocol):
    """A soak that has ended: its deployment, when it began (seconds since 1970), and what was seen meanwhile."""

    deployment: Deployment
    begun: float
    origin: datetime
    killed: Counter[str]
    lines: Counter[str]
    memory: dict[str, list[int]]
    handles: dict[str, list[int]]


def findings(soak: Soaked) -> list[str]:
    """Everything that is not as it must be, a sentence each."""
    return [*_stuck(soak), *_wrong_slots(soak), *_left(soak), *_grown(soak), *_damaged(soak)]


def report(soak: Soaked) -> None:
    """Prints what happened."""
    with soak.deployment.ledger.reading() as connection:
        query = select(runs.c.pipeline, runs.c.state, func.count()).group_by(runs.c.pipeline, runs.c.state)
        states = connection.execute(query.order_by(runs.c.pipeline, runs.c.state)).all()
        published = connection.execute(select(func.count()).select_from(publications)).scalar_one()
        decided = connection.execute(select(func.count()).select_from(decisions)).scalar_one()
        seen = Counter(connection.execute(select(processes.c.kind)).scalars())
        errors = connection.execute(select(runs.c.error).where(runs.c.state.in_(("failed", "crashed")))).scalars()
        ends = Counter(error["message"][:140] for error in errors)
    print(f"killed: {sum(soak.killed.values())} ({dict(sorted(soak.killed.items()))})")
    print(f"processes seen: {dict(seen)}")
    for pipeline, state, count in states:
        print(f"runs: {pipeline} {state} {count}")
    for message, count in ends.most_common(MOST_SHOWN):
        print(f"ended {count} times: {message}")
    print(f"publications: {published}, decisions: {decided}")
    for line, count in soak.lines.most_common(MOST_SHOWN):
        print(f"heard {count} times: {line}")


def growth(values: Sequence[int]) -> float:
    """How much the median of the last quarter lies above that of the second quarter."""
    quarter = max(len(values) // 4, 1)
    before, after = sorted(values[quarter : 2 * quarter] or values), sorted(values[-quarter:])
    return float(after[len(after) // 2] - before[len(before) // 2])


def _stuck(soak: Soaked) -> Iterator[str]:
    with soak.deployment.ledger.reading() as connection:
        for state in ("queued", "running"):
            for run in recent_runs(connection, MOST_SHOWN, state=state):
                yield f"{run.run_id} is still {state}"


def _wrong_slots(soak: Soaked) -> Iterator[str]:
    with soak.deployment.ledger.reading() as connection:
        dealt = {row.pipeline: row.through for row in schedule_rows(connection)}
        known = set(connection.execute(select(slots.c.slot)).scalars())
        of_runs = Counter(connection.execute(select(runs.c.slot).where(runs.c.slot.is_not(None))).scalars())
        outcomes = Counter(connection.execute(select(slots.c.outcome)).scalars())
    due = {
        slot.name
        for table in timetables(soak.deployment)
        for slot in table.between(soak.origin, dealt.get(table.pipeline, soak.origin))
    }
    doubled = {name for name, count in of_runs.items() if count > 1}
    print(f"slots: {len(due)} due, {len(due - known)} missing, {len(doubled)} doubled; {dict(outcomes)}")
    for what, names in (("missing", due - known), ("doubled", doubled), ("that were never due", known - due)):
        if names:
            yield f"slots {what}: {sorted(names)[:MOST_SHOWN]}"


def _left(soak: Soaked) -> Iterator[str]:
    sleep(soak.deployment.settings.lease + 1)  # a draft counts as left behind when it is older than a lease
    vacuum(soak.deployment)
    home = soak.deployment.settings.home
    found = {
        "temporary files": [str(path) for path in home.rglob("*.tmp")],
        "folders": [str(path) for path in Path(tempfile.gettempdir()).glob("lw-*")],
        "processes": [process.pid for process in psutil.process_iter() if _belongs(process, str(home))],
    }
    print("left: " + ", ".join(f"{len(names)} {what}" for what, names in found.items()))
    for what, names in found.items():
        if names:
            yield f"{what} left: {names[:MOST_SHOWN]}"


def _grown(soak: Soaked) -> Iterator[str]:
    series = (("memory", soak.memory, TOLERATED_MEMORY), ("file descriptors", soak.handles, TOLERATED_HANDLES))
    for what, measured, tolerated in series:
        for name, values in measured.items():
            grown = growth(values)
            print(f"{what} of {name}: {min(values):,} to {max(values):,} in {len(values)} looks, growth {grown:+,.0f}")
            if grown > tolerated:
                yield f"{what} of {name} grew by {grown:,.0f}"


def _damaged(soak: Soaked) -> Iterator[str]:
    answer = soak.deployment.ledger.check()
    if answer != "ok":
        yield f"the ledger is damaged: {answer}"


def _belongs(process: psutil.Process, home: str) -> bool:
    """Whether a process, other than this one, names the home on its command line."""
    try:
        return process.pid != os.getpid() and any(home in word for word in process.cmdline())
    except psutil.Error:
        return False
