"""A forced run that is resumed or handed back: nothing of before the forced run is reused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.control import runs
from engine.process.identity import this_process
from storage.ledger.leases import claim
from storage.ledger.runs import run_row
from tests.engine.runner import PipelineRunner, task

Maker = Callable[..., PipelineRunner]


@pytest.fixture
def book(runner_of: Maker) -> PipelineRunner:
    """A pipeline whose tasks all finished in a run before; `stuck` fails from now on."""
    made = runner_of(task("done"), task("stuck", "fails_while_told", upstream=("done",), retries=0), task("free"))
    assert made.run()[1] == "succeeded"
    (Path(made.deployment.roots.reports) / "fail").touch()
    return made


def test_a_resumed_forced_run_reuses_only_what_it_finished_itself(book: PipelineRunner) -> None:
    forced, state = book.run(force=True)
    assert (state, book.marks("done"), book.marks("free")) == ("failed", 2, 2)
    again, state = book.execute_run(runs.resume(book.deployment, forced))
    assert (state, book.states(again)) == ("failed", {"done": "cached", "stuck": "failed", "free": "cached"})
    (Path(book.deployment.roots.reports) / "fail").unlink()
    last, state = book.execute_run(runs.resume(book.deployment, again))
    assert (state, book.states(last)) == ("succeeded", {"done": "cached", "stuck": "succeeded", "free": "cached"})
    with book.deployment.ledger.reading() as connection:
        assert run_row(connection, last).force


def test_a_forced_run_that_is_handed_back_runs_every_task_again(book: PipelineRunner) -> None:
    (Path(book.deployment.roots.reports) / "fail").unlink()
    run_id = runs.request(book.deployment, runs.checked_request(book.deployment, "training", force=True))
    with book.deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, this_process(), book.deployment.ledger.clock())
    assert lease
    again = runs.requeue(book.deployment, lease, "The worker was stopped")
    assert again
    _, state = book.execute_run(again)
    assert (state, set(book.states(again).values())) == ("succeeded", {"succeeded"})
