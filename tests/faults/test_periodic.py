"""Row 11: a scheduled function that raises, or sleeps long; the loop lives, and the others are on time."""

import datetime as real  # noqa: ICN001
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
import schedule

from engine.deployment import Deployment
from engine.scheduling.periodic import PeriodicTask, run_periodically
from engine.scheduling.scheduler import Scheduler
from storage.ledger.schedules import schedule_rows
from tests.databases import sqlite_only
from tests.processes import DEADLINE, until


class Calls:
    """A function that counts its calls."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self) -> None:
        self.number += 1

    def reach(self, number: int) -> None:
        """Waits until so many calls have come in."""
        until(lambda: self.number >= number, f"{number} calls")


@contextmanager
def going(*rounds: PeriodicTask) -> Iterator[threading.Thread]:
    """The rounds, called in a thread of their own for as long as the block lasts."""
    stop = threading.Event()
    thread = threading.Thread(target=run_periodically, args=(list(rounds), stop))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(DEADLINE)
        assert not thread.is_alive()


def test_a_round_that_raises_is_tried_again_and_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    raised, others = Calls(), Calls()

    def raises() -> None:
        raised()
        raise RuntimeError("never works")

    with going(PeriodicTask("the bad one", 0.05, raises), PeriodicTask("another", 0.05, others)) as thread:
        raised.reach(10)
        others.reach(10)
        assert thread.is_alive()
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert told.count("the bad one failed (RuntimeError: never works); trying again.") >= 9


@pytest.mark.thorough
def test_a_round_that_sleeps_long_is_not_called_twice_at_once_and_the_others_are_on_time() -> None:
    slept, others, wake = Calls(), Calls(), threading.Event()

    def sleeps() -> None:
        slept()
        wake.wait(DEADLINE)

    with going(PeriodicTask("the slow one", 0.05, sleeps), PeriodicTask("another", 0.05, others)):
        others.reach(30)
        assert slept.number == 1
        wake.set()
        slept.reach(3)


def test_the_end_does_not_wait_for_a_round_that_is_slow() -> None:
    wake, begun, ended = threading.Event(), threading.Event(), threading.Event()

    def sleeps() -> None:
        begun.set()
        wake.wait()
        ended.set()

    with going(PeriodicTask("the slow one", 0.05, sleeps)):
        assert begun.wait(DEADLINE)
    assert not ended.is_set()
    wake.set()
    assert ended.wait(DEADLINE)


def test_rounds_go_on_when_the_wall_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's clock is shifted, because nobody else on this machine is to have theirs set back."""
    calls, shift = Calls(), [real.timedelta(0)]

    class Shifted(real.datetime):
        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> "Shifted":
            return super().now(tz) + shift[0]

    shifted = SimpleNamespace(**{**vars(real), "datetime": Shifted})
    monkeypatch.setattr(schedule, "datetime", shifted)
    with going(PeriodicTask("one", 0.05, calls)):
        calls.reach(5)
        shift[0] = -real.timedelta(days=400)
        calls.reach(calls.number + 5)
        shift[0] = real.timedelta(days=400)
        calls.reach(calls.number + 5)


@sqlite_only
def test_a_scheduler_outlives_a_ledger_that_fails_for_a_while(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    scheduler = Scheduler(deployment, pause=0.05)
    thread = threading.Thread(target=scheduler.serve)
    thread.start()
    try:
        until(lambda: "training" in pipelines(deployment), "first schedule")
        with deployment.ledger.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE schedules RENAME TO away")
        until(lambda: "the schedule of training failed (LedgerUnavailable" in caplog.text, "failure")
        assert thread.is_alive()
        with deployment.ledger.writing() as connection:
            connection.exec_driver_sql("DELETE FROM away")
            connection.exec_driver_sql("ALTER TABLE away RENAME TO schedules")
        until(lambda: pipelines(deployment) == {"training", "inference", "monitoring"}, "all schedules")
    finally:
        scheduler.stop()
        thread.join(DEADLINE)
    assert not thread.is_alive()


def pipelines(deployment: Deployment) -> set[str]:
    with deployment.ledger.reading() as connection:
        return {row.pipeline for row in schedule_rows(connection)}
