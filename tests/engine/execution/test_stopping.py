"""How a run under way is stopped: cancelled, interrupted, declared dead, over its time limit."""

import os
import threading
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from engine.control import runs
from engine.definitions.task import Task
from storage.errors import LeaseLost
from storage.lake.names import SCORED
from storage.ledger.catalog import current_versions
from storage.ledger.leases import reap
from storage.ledger.runs import run_row
from tests.engine.runner import TASKS, PipelineRunner, task

Maker = Callable[..., PipelineRunner]


@pytest.mark.parametrize("how", ["asked", "interrupted"])
def test_a_cancelled_run_ends_and_publishes_nothing(runner_of: Maker, how: str) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)), task("waits", "waits_for_release", upstream=("one",))
    )
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)
    release = folder / "release"

    os.mkfifo(release)
    wanted = runs.checked_request(book.deployment, "training", date(2024, 6, 1))
    run_id = runs.request(book.deployment, wanted)

    def stop() -> None:
        while book.marks("waits") == 0:
            threading.Event().wait(0.01)
        if how == "asked":
            runs.cancel(book.deployment, run_id)
        else:
            os.kill(os.getpid(), 2)

    stopper = threading.Thread(target=stop)
    stopper.start()
    _, state = book.execute_run(run_id)
    stopper.join()
    release.open("wb").close()
    assert state == "cancelled"
    assert book.states(run_id) == {"one": "succeeded", "waits": "cancelled"}
    with book.deployment.ledger.reading() as connection:
        assert current_versions(connection) == {}


def test_a_run_that_was_declared_dead_publishes_nothing(runner_of: Maker) -> None:
    book = runner_of(
        task("one", "writes_scores", writes=(SCORED,)), task("waits", "waits_for_release", upstream=("one",))
    )
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)

    os.mkfifo(folder / "release")
    run_id = runs.request(book.deployment, runs.checked_request(book.deployment, "training"))

    def declare_dead() -> None:
        while book.marks("waits") == 0:
            threading.Event().wait(0.01)

        with book.deployment.ledger.writing() as connection:
            assert reap(connection, timedelta(0), book.deployment.ledger.clock()) == [run_id]
        (folder / "release").open("wb").close()

    reaper = threading.Thread(target=declare_dead)
    reaper.start()
    with pytest.raises(LeaseLost):
        book.execute_run(run_id)
    reaper.join()
    with book.deployment.ledger.reading() as connection:
        assert run_row(connection, run_id).state == "crashed"
        assert current_versions(connection) == {}


def test_a_task_over_its_time_limit_is_ended_and_says_so(runner_of: Maker) -> None:
    book = runner_of(Task("slow", f"{TASKS}:waits_for_release", limit=0.05, retries=0))
    folder = Path(book.deployment.roots.reports)
    folder.mkdir(parents=True)

    os.mkfifo(folder / "release")
    run_id, state = book.run()
    (folder / "release").open("wb").close()
    assert state == "failed"
    with book.deployment.ledger.reading() as connection:
        assert "longer than its limit" in run_row(connection, run_id).error["message"]
