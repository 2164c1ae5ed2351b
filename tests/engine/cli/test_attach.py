"""A run that a worker executes is followed to its end, to the end of its requeued run, or until the person detaches."""

import io
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from rich.console import Console

from engine.cli.attach import followed
from engine.control import runs
from engine.deployment import Deployment
from engine.process.registry import ProcessRegistry, has_worker, waiting_for
from storage.errors import LoanwatchError
from storage.ledger.leases import Lease, claim, finish, reap
from storage.ledger.processes import Process, register
from storage.ledger.runs import run_row
from tests.databases import sqlite_only
from tests.live import Site
from tests.processes import DEADLINE, until

pytestmark = pytest.mark.alone

ELSEWHERE = Process("elsewhere:0badcafe:1:1", "worker", "host", 1)


def requested(deployment: Deployment) -> str:
    return runs.request(deployment, runs.checked_request(deployment, "training"))


def taken(deployment: Deployment, run_id: str) -> Lease:
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, ELSEWHERE.process_id, deployment.ledger.clock())
    assert lease
    return lease


def ended(deployment: Deployment, lease: Lease, state: str = "succeeded") -> None:
    with deployment.ledger.writing() as connection:
        finish(connection, lease, state, None, deployment.ledger.clock())


def while_following(deployment: Deployment, run_id: str, act: Callable[[], None]) -> tuple[str | None, str]:
    """What following a run comes to, and what it shows, while something is done beside it."""
    shown = io.StringIO()
    beside = threading.Thread(target=act)
    beside.start()
    came_to = followed(deployment, run_id, Console(file=shown, width=200))
    beside.join()
    return came_to, shown.getvalue()


def test_who_follows_a_run_hears_of_its_end(deployment: Deployment) -> None:
    run_id = requested(deployment)
    came_to, _ = while_following(deployment, run_id, lambda: ended(deployment, taken(deployment, run_id), "failed"))
    assert came_to == run_id


def test_who_follows_a_run_goes_over_to_the_one_that_goes_on_with_it(deployment: Deployment) -> None:
    run_id = requested(deployment)
    successors: list[str] = []

    def requeue_and_finish() -> None:
        again = runs.requeue(deployment, taken(deployment, run_id), "The worker was stopped")
        assert again
        successors.append(again)
        ended(deployment, taken(deployment, again))

    came_to, shown = while_following(deployment, run_id, requeue_and_finish)
    assert [came_to] == successors
    assert f"Run {run_id} was requeued as {came_to}." in shown


def test_a_resumed_run_is_not_taken_for_a_successor(deployment: Deployment) -> None:
    """Only a requeued run is followed: a person who resumes a run follows that one."""
    run_id = requested(deployment)
    taken(deployment, run_id)
    with deployment.ledger.writing() as connection:
        reap(connection, timedelta(0), deployment.ledger.clock() + timedelta(seconds=1))
    runs.resume(deployment, run_id)
    assert followed(deployment, run_id, Console(file=io.StringIO())) == run_id


def test_who_follows_a_run_is_told_once_that_nobody_is_there_to_carry_it_out(deployment: Deployment) -> None:
    run_id = requested(deployment)
    shown = io.StringIO()
    following = threading.Thread(target=followed, args=(deployment, run_id, Console(file=shown, width=200)))
    following.start()
    until(lambda: "is waiting for a worker" in shown.getvalue(), "sentence")
    threading.Event().wait(3 * deployment.settings.heartbeat)  # it looks again, and has said so already
    ended(deployment, taken(deployment, run_id))
    following.join()
    assert shown.getvalue().count("is waiting for a worker") == 1


def test_a_run_waits_for_a_worker_only_while_it_is_queued_and_none_is_there(deployment: Deployment) -> None:
    assert not has_worker(deployment)
    assert waiting_for(deployment, "queued") == "a worker"
    assert waiting_for(deployment, "running") is None
    ProcessRegistry(deployment, "scheduler").register({})
    assert waiting_for(deployment, "queued") == "a worker"
    ProcessRegistry(deployment, "worker").register({})
    assert has_worker(deployment)
    assert waiting_for(deployment, "queued") is None


def test_who_presses_ctrl_c_again_and_again_detaches(deployment: Deployment) -> None:
    run_id = requested(deployment)
    lease = taken(deployment, run_id)
    detached = threading.Event()

    def press() -> None:
        while not detached.wait(0.01):  # several times while the command looks at the run
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, lambda *_: None)  # for what is pressed before and after
    pressing = threading.Thread(target=press)
    pressing.start()
    shown = io.StringIO()
    try:
        assert followed(deployment, run_id, Console(file=shown, width=200)) is None
    finally:
        detached.set()
        pressing.join()
        signal.signal(signal.SIGINT, before)
    assert f"Detached from run {run_id}." in shown.getvalue()
    ended(deployment, lease)


@pytest.mark.thorough
@sqlite_only
def test_without_a_terminal_an_interrupted_follower_leaves_the_run_alone(site: Site) -> None:
    with site.deployment.ledger.writing() as connection:
        register(connection, ELSEWHERE, {"ray": "up"}, site.deployment.ledger.clock())
    site.settings = {**site.settings, "lease": 600}  # the run is not taken for crashed, however slow the test is
    process = site.begin("run", "training")
    with process:
        run_id = until(lambda: latest(site), "request")
        lease = taken(site.deployment, run_id)
        until(lambda: "training" in site.engine("runs").stdout, "look")
        process.send_signal(signal.SIGINT)
        told, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    assert f"Follow it with `python -m engine logs {run_id} --follow`" in told
    run = site.run(run_id)
    assert (run.state, run.cancel_requested_at) == ("running", None)
    ended(site.deployment, lease)


def latest(site: Site) -> str:
    """The newest run's id, '' before the first."""
    try:
        with site.deployment.ledger.reading() as connection:
            return str(run_row(connection, "latest").run_id)
    except LoanwatchError:
        return ""
