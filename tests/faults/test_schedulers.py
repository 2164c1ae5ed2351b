"""Rows 4 and 5: two schedulers over a thousand slots, some of them killed; every slot once, whatever they do."""

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic, sleep

import pytest
from sqlalchemy import func, select, update

from engine.deployment import Deployment
from engine.scheduling.scheduler import timetables
from engine.scheduling.slots import process_due_slots
from storage.db.schema import processes, runs, slots
from storage.ledger.schedules import schedule_rows
from tests.faults.counts import Count
from tests.faults.stepping import ForkServer
from tests.faults.two_schedulers import LeapingClock
from tests.paths import ROOT
from tests.retail import PIPELINES

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
ZONE = "Europe/Berlin"
DAYS = 334  # three slots a day
DAY = timedelta(days=1)
PATIENCE = 180.0


class Schedulers:
    """Scheduler processes of one deployment, whose clock the test moves."""

    def __init__(self, deployment: Deployment, clock: LeapingClock) -> None:
        self.deployment, self.clock = deployment, clock
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        settings = self.deployment.settings
        words = ["-W", "error", "-m", "tests.faults.two_schedulers"]
        words += [str(settings.home), settings.ledger_url, str(self.clock.file), ZONE]
        started = subprocess.Popen([sys.executable, *words], cwd=ROOT)
        self.running.append(started)

    def begun(self) -> None:
        """Waits until every scheduler has arrived, and has begun with every timetable."""
        deadline = monotonic() + PATIENCE
        found = (0, 0)
        while found != (len(self.running), len(PIPELINES)):
            assert monotonic() < deadline, f"{found} schedulers and schedules"
            with self.deployment.ledger.reading() as connection:
                arrived = connection.execute(select(func.count()).select_from(processes)).scalar_one()
                found = (arrived, len(schedule_rows(connection)))
            sleep(0.01)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        self.running.remove(process)
        process.kill()
        process.wait()

    def settled(self, total: int) -> None:
        """Waits until so many slots have an outcome that is not `waiting`."""
        query = select(func.count()).select_from(slots).where(slots.c.outcome != "waiting")
        deadline = monotonic() + PATIENCE
        while True:
            with self.deployment.ledger.reading() as connection:
                found = connection.execute(query).scalar_one()
            if found >= total:
                return
            assert monotonic() < deadline, f"{found} of {total} slots have an outcome"
            sleep(0.002)

    def finish_runs(self) -> None:
        """Has every run that was requested end well."""
        with self.deployment.ledger.writing() as connection:
            connection.execute(update(runs).where(runs.c.state == "queued").values(state="succeeded"))

    def end(self) -> list[int]:
        for process in self.running:
            process.send_signal(signal.SIGTERM)
        for process in self.running:
            process.wait(PATIENCE)
        return [process.returncode for process in self.running]


@contextmanager
def schedulers(deployment: Deployment, folder: Path) -> Iterator[Schedulers]:
    made = Schedulers(deployment, LeapingClock(folder / "clock"))
    made.clock.set(START)
    try:
        yield made
    finally:
        for process in list(made.running):
            made.kill(process)


def outcomes(deployment: Deployment, days: int) -> tuple[Counter[str], int, int]:
    """How often each outcome came, how many slots have none, and how many have more than one row or run."""
    with deployment.ledger.reading() as connection:
        rows = connection.execute(select(slots.c.slot, slots.c.outcome, slots.c.run_id)).all()
        ran = Counter(connection.execute(select(runs.c.slot)).scalars())
    hours = {name: hour for hour, name in enumerate(PIPELINES, 2)}
    wanted = {
        f"{name}@{START.date() + number * DAY}T0{hour}:00"
        for number in range(1, days + 1)
        for name, hour in hours.items()
    }
    known = Counter(row.slot for row in rows)
    assert known.keys() <= wanted
    assert {row.slot for row in rows if row.run_id} == ran.keys()
    doubled = [name for name in wanted if known[name] > 1 or ran[name] > 1]
    return Counter(row.outcome for row in rows), len(wanted - known.keys()), len(doubled)


@pytest.mark.thorough
def test_two_schedulers_over_a_thousand_slots_request_one_run_a_slot(
    deployment: Deployment, tmp_path: Path, counted: Count
) -> None:
    with schedulers(deployment, tmp_path) as both:
        both.start()
        both.start()
        both.begun()
        for number in range(1, DAYS + 1):
            both.clock.set(START + number * DAY)
            both.settled(3 * number)
            both.finish_runs()
        assert both.end() == [0, 0]
    found, missing, doubled = outcomes(deployment, DAYS)
    counted(f"row 4: {found.total()} slots, {missing} missing, {doubled} doubled: {dict(found)}")
    assert (found, missing, doubled) == (Counter(requested=3 * DAYS), 0, 0)


@pytest.mark.thorough
def test_schedulers_that_are_killed_at_any_moment_leave_no_slot_out_and_do_none_twice(
    deployment: Deployment, tmp_path: Path, counted: Count
) -> None:
    chance, kills, days = random.Random(5), 0, 40  # noqa: S311
    with schedulers(deployment, tmp_path) as many:
        many.start()
        many.start()
        many.begun()
        for number in range(1, days + 1):
            many.clock.set(START + number * DAY)
            if number % 4 == 0:
                sleep(chance.uniform(0, 0.06))  # the moment is the point: anywhere in what a scheduler does
                many.kill(many.running[0])
                many.start()
                kills += 1
            many.settled(3 * number)
            many.finish_runs()
        many.end()
    found, missing, doubled = outcomes(deployment, days)
    counted(f"row 5: {kills} schedulers killed over {found.total()} slots, {missing} missing, {doubled} doubled")
    assert (found, missing, doubled) == (Counter(requested=3 * days), 0, 0)


@pytest.mark.thorough
def test_a_scheduler_killed_at_any_system_call_has_done_all_of_a_slot_or_nothing(
    deployment: Deployment, fork_server: ForkServer, counted: Count
) -> None:
    (table,) = [table for table in timetables(deployment) if table.pipeline == "inference"]
    place = (deployment.settings.home, deployment.settings.ledger_url)
    days = count(1)
    assert process_due_slots(deployment, table, START) is None
    day, found = next(days), Counter[str]()
    for call in fork_server.killed_at_every_call(lambda: ("schedule", *place, (START + day * DAY).isoformat())):  # noqa: B023
        with deployment.ledger.writing() as connection:  # waits until a killed writer's transaction has come to its end
            name = f"inference@{(START + day * DAY).date()}T03:00"
            remembered = connection.execute(select(slots.c.run_id).where(slots.c.slot == name)).scalars().all()
            requested = connection.execute(select(runs.c.run_id).where(runs.c.slot == name)).scalars().all()
        assert remembered == requested  # never one without the other
        found["done" if remembered else "nothing"] += bool(call)
        again = process_due_slots(deployment, table, START + day * DAY)
        assert (again is None) == bool(remembered)
        assert process_due_slots(deployment, table, START + day * DAY) is None
        with deployment.ledger.writing() as connection:
            assert connection.execute(select(func.count()).where(runs.c.slot == name)).scalar() == 1
            connection.execute(update(runs).where(runs.c.state == "queued").values(state="succeeded"))
        day = next(days)
    counted(f"row 5: a look at the schedule killed at {found.total()} system calls: {dict(found)}, 0 half done")
    assert min(found["done"], found["nothing"]) > 0
    assert deployment.ledger.check() == "ok"
