"""The scheduler as a process sees it: it arrives, looks, beats, finds silent runs, and leaves."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from engine.control import runs as control
from engine.deployment import Deployment
from engine.process.registry import alive
from engine.scheduling.scheduler import Scheduler, timetables
from storage.db.schema import runs
from storage.ledger.leases import claim
from storage.ledger.processes import process_rows
from storage.ledger.runs import run_row
from storage.ledger.schedules import schedule_rows
from tests.processes import DEADLINE, until


@contextmanager
def serving(scheduler: Scheduler) -> Iterator[None]:
    thread = threading.Thread(target=scheduler.serve)
    thread.start()
    try:
        yield
    finally:
        scheduler.stop()
        thread.join(DEADLINE)
        # Running calls are not waited for by the scheduler; their connections must be back before the ledger closes.
        until(lambda: not any(each.name.startswith("periodic") for each in threading.enumerate()), "end of the rounds")
    assert not thread.is_alive()


def slots_of_runs(deployment: Deployment) -> set[str]:
    with deployment.ledger.reading() as connection:
        return set(connection.execute(select(runs.c.slot)).scalars())


def processes(deployment: Deployment) -> list[Any]:
    with deployment.ledger.reading() as connection:
        return list(process_rows(connection))


def test_pipelines_are_due_as_the_settings_say_and_those_that_are_off_are_not(deployment: Deployment) -> None:
    assert [table.pipeline for table in timetables(deployment)] == ["training", "inference", "monitoring"]
    settings = deployment.settings.changed(schedule_inference="off", timezone="Europe/Berlin")
    tables = timetables(deployment.with_settings(settings))
    assert [(table.pipeline, str(table.at), table.weekday) for table in tables] == [
        ("training", "02:00:00", 6),
        ("monitoring", "04:00:00", None),
    ]
    assert {str(table.zone) for table in tables} == {"Europe/Berlin"}


def test_it_requests_what_is_due_by_its_clock_and_is_seen_while_it_serves(deployment: Deployment) -> None:
    moment = [datetime(2026, 3, 7, 12, tzinfo=UTC)]
    assert alive(deployment, "scheduler") == []
    with serving(Scheduler(deployment, lambda: moment[0], pause=0.05)):
        until(lambda: len(alive(deployment, "scheduler")) == 1, "scheduler")

        def begun() -> bool:
            with deployment.ledger.reading() as connection:
                return len(schedule_rows(connection)) == 3

        until(begun, "first slots")
        moment[0] += timedelta(hours=17)
        due = {"training@2026-03-08T02:00", "inference@2026-03-08T03:00", "monitoring@2026-03-08T04:00"}
        until(lambda: slots_of_runs(deployment) == due, "due slots")
    assert alive(deployment, "scheduler") == []
    (row,) = processes(deployment)
    assert (row.kind, row.stopped_at is not None) == ("scheduler", True)


def test_it_beats_and_finds_runs_that_have_gone_silent(deployment: Deployment) -> None:
    run_id = control.request(deployment, control.checked_request(deployment, "training"))
    long_ago = deployment.ledger.clock() - timedelta(hours=1)
    with deployment.ledger.writing() as connection:
        assert claim(connection, run_id, "somebody", long_ago)

    def state() -> str:
        with deployment.ledger.reading() as connection:
            return str(run_row(connection, run_id).state)

    with serving(Scheduler(deployment)):
        until(lambda: state() == "crashed", "crash")
        until(lambda: processes(deployment)[0].heartbeat_at > processes(deployment)[0].started_at, "beat")
