"""Rows 1 and 2: kill -9 the worker at any moment, or keep its run from beating; the run is crashed, and resumes."""

import logging
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep

import pytest
from sqlalchemy import update

from engine.cluster.private import RayAddress
from engine.control import runs as control
from engine.deployment import Deployment
from engine.execution.heartbeat import Heartbeat
from storage.db.schema import runs
from storage.ledger.leases import Lease, claim, reap
from storage.ledger.runs import run_row
from tests.databases import postgresql_only, sqlite_only
from tests.faults.counts import Count
from tests.heads import joining
from tests.live import LiveWorker, Site, run_processes
from tests.paths import ROOT
from tests.processes import DEADLINE, PIPES, calls_of, go_on, running, stop, tree, until
from tests.retail import PIPELINES

pytestmark = pytest.mark.alone

SILENCE = timedelta(seconds=30)
CLAIMS = """
import sys
from engine.deployment import Deployment
from engine.process.identity import this_process
from storage.ledger.leases import claim
from storage.settings import load_settings
deployment = Deployment.open(load_settings())
with deployment.ledger.writing() as connection:
    claim(connection, sys.argv[1], this_process(), deployment.ledger.clock())
print("claimed", flush=True)
sys.stdin.read()
"""
REFUSES = {
    "sqlite": """CREATE TRIGGER no_beat BEFORE UPDATE OF heartbeat_at ON runs WHEN OLD.state = 'running'
        BEGIN SELECT RAISE(ABORT, 'no room for a beat'); END""",
    "postgresql": """CREATE FUNCTION no_beat() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no room for a beat'; END $$;
        CREATE TRIGGER no_beat BEFORE UPDATE OF heartbeat_at ON runs FOR EACH ROW
        WHEN (OLD.state = 'running') EXECUTE FUNCTION no_beat()""",
}


class Killing:
    """One training that goes on in run after run, because its worker is killed again and again."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.run_id = site.request()
        self.ids = [self.run_id]
        self.done: list[str] = []
        self.seconds: list[float] = []

    def kill(self, worker: LiveWorker, moment: Callable[[], object]) -> None:
        """Kills the worker at that moment of the run, looks, and resumes."""
        processes = run_processes(self.site, self.run_id)
        moment()
        stop(processes)  # the run can't end while the test looks around
        calls = [pid for process in processes for pid in calls_of(process)]
        family, sessions = [*tree(worker.pid), *calls], worker.sessions()
        worker.kill()
        go_on(processes)
        begun = monotonic()
        until(lambda: self.run_id in control.reap_stale_runs(self.site.deployment), "crash")
        self.seconds.append(monotonic() - begun)
        assert self.site.run(self.run_id).state == "crashed"
        done = self.site.done(self.run_id)
        until(lambda: not running(family), f"end of {[tree(pid) for pid in family]}")
        until(lambda: not any(folder.exists() for folder in sessions), "end of the session's folder")
        assert self.site.done(self.run_id) == done  # whoever lived on for a moment could not write any more
        self.check_reused()
        self.done = done
        self.run_id = control.resume(self.site.deployment, self.run_id)
        self.ids.append(self.run_id)

    def check_reused(self) -> None:
        """What was done before is cached, as far as this run has come; nothing of it was done again."""
        states = self.site.states(self.run_id)
        assert {states[task] for task in self.done if task in states} <= {"cached", "cancelled"}, states

    def finish(self) -> None:
        """Waits for the end; every task was then carried out once, in whichever of the runs."""
        assert self.site.ended(self.run_id).state == "succeeded"
        states = self.site.states(self.run_id)
        assert [task for task in self.done if states[task] != "cached"] == []
        names = [
            task for run_id in self.ids for task, state in self.site.states(run_id).items() if state == "succeeded"
        ]
        assert Counter(names) == {task.name: 1 for task in PIPELINES["training"].tasks}


def at_boundary(killing: Killing, number: int) -> None:
    """Waits until so many tasks of the run are done."""
    until(lambda: len(killing.site.done(killing.run_id)) >= number, f"{number} tasks")


@pytest.mark.thorough
@sqlite_only
def test_a_killed_worker_leaves_a_crashed_run_that_resumes_and_no_process(
    site: Site, ray_head: RayAddress, counted: Count
) -> None:
    chance = random.Random(20)  # noqa: S311 - moments, not secrets
    killing = Killing(site)
    for boundary in (1, 4, 9, 11):
        with site.worker() as worker:
            killing.kill(worker, lambda: at_boundary(killing, boundary))  # noqa: B023 - called at once
        if boundary == 11:
            break
        site.more = joining(ray_head)
        with site.worker() as worker:
            killing.kill(worker, lambda: sleep(chance.uniform(0, 1.0)))
        site.more = {}
    site.more = joining(ray_head)
    with site.worker():
        killing.finish()
    counted(f"row 1: {len(killing.seconds)} kills, crashed within {max(killing.seconds):.2f} s of a look")


@pytest.mark.thorough
@postgresql_only
def test_the_same_on_postgresql(site: Site, ray_head: RayAddress, counted: Count) -> None:
    killing = Killing(site)
    site.more = joining(ray_head)
    for boundary in (2, 6, 11):
        with site.worker() as worker:
            killing.kill(worker, lambda: at_boundary(killing, boundary))  # noqa: B023 - called at once
    with site.worker():
        killing.finish()
    counted(f"row 1: {len(killing.seconds)} kills, crashed within {max(killing.seconds):.2f} s of a look")


def test_a_process_killed_right_after_its_claim_has_crashed(site: Site) -> None:
    run_id = site.request()
    words = [sys.executable, "-c", CLAIMS, run_id]
    with subprocess.Popen(words, cwd=ROOT, env=site.environment(), text=True, **PIPES) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        assert control.reap_stale_runs(site.deployment) == []
        process.kill()
    # Known to have ended: nobody has to wait for its lease to run out.
    assert control.reap_stale_runs(site.deployment) == [run_id]
    assert "has ended; resume the run" in site.run(run_id).error["message"]
    resumed = control.resume(site.deployment, run_id)
    assert site.run(resumed).parent_run_id == run_id


@pytest.mark.parametrize("beaten", [True, False])
def test_a_missing_beat_counts_from_the_claim(deployment: Deployment, *, beaten: bool) -> None:
    """The owner is of another machine, so nobody here can tell whether it has ended."""
    lease, now = running_run(deployment), deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        times = {"started_at": now, "heartbeat_at": now if beaten else None}
        connection.execute(update(runs).where(runs.c.run_id == lease.run_id).values(**times))
    assert looked(deployment, now + SILENCE) == []
    assert looked(deployment, now + SILENCE + timedelta(seconds=1)) == [lease.run_id]


def test_a_heartbeat_that_can_not_be_written_is_a_missing_one(
    deployment: Deployment, ledger_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    lease = running_run(deployment)
    claimed_at = beat_of(deployment, lease)
    refuse_beats(deployment, ledger_url)
    quick = deployment.with_settings(deployment.settings.changed(heartbeat=0.1))
    with caplog.at_level(logging.WARNING), Heartbeat(quick, lease) as heartbeat:
        until(lambda: len([line for line in caplog.messages if "no room for a beat" in line]) >= 2, "failed beats")
        heartbeat.check()  # it goes on: the next beat may be written
        assert beat_of(deployment, lease) == claimed_at
        assert looked(deployment, claimed_at + SILENCE) == []
        assert looked(deployment, claimed_at + SILENCE + timedelta(seconds=1)) == [lease.run_id]
        assert heartbeat.lost.wait(DEADLINE)  # and the silent one hears that it was given up


@pytest.mark.thorough
def test_a_run_whose_beats_are_refused_is_crashed_by_its_own_worker(
    site: Site, ledger_url: str, ray_head: RayAddress
) -> None:
    site.more, site.settings = joining(ray_head), {**site.settings, "lease": 2.0, "heartbeat": 0.5}
    with site.worker() as worker:
        worker.wait_up()
        refuse_beats(site.deployment, ledger_url)
        run_id = site.request()
        run = site.ended(run_id)
        assert (run.state, run.error["type"]) == ("crashed", "Crashed")
        assert (run.finished_at - run.started_at).total_seconds() >= 2.0
        until(lambda: len(worker.run_processes()) <= 1, "end of the run process")
        assert site.run(run_id).state == "crashed"
        assert site.told("tables") == []


def running_run(deployment: Deployment) -> Lease:
    """The lease that a process of another machine has on a new run."""
    run_id = control.request(deployment, control.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "elsewhere:0badcafe:1:1", deployment.ledger.clock())
    assert lease
    return lease


def looked(deployment: Deployment, moment: object) -> list[str]:
    """What somebody who looks at that moment finds crashed."""
    with deployment.ledger.writing() as connection:
        return reap(connection, SILENCE, moment)  # type: ignore[arg-type]


def beat_of(deployment: Deployment, lease: Lease) -> object:
    with deployment.ledger.reading() as connection:
        return run_row(connection, lease.run_id).heartbeat_at


def refuse_beats(deployment: Deployment, ledger_url: str) -> None:
    """Has the database refuse every beat of a run from now on."""
    with deployment.ledger.writing() as connection:
        connection.exec_driver_sql(REFUSES[ledger_url.partition(":")[0].partition("+")[0]])
