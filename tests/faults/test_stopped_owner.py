"""Row 3: the owner of a run is stopped past its lease while another finishes the run; then it is refused."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from sqlalchemy import select

from engine.cluster.private import RayAddress
from engine.control import runs
from engine.execution.execute import execute_run
from engine.execution.executors import LocalExecutor
from storage.db.checks import lock_is_free
from storage.db.schema import metadata
from storage.ledger.catalog import current_versions
from tests.faults.counts import Count
from tests.faults.stale_owner import SMALL
from tests.heads import joining
from tests.live import Site, stop_outside_a_write
from tests.paths import ROOT
from tests.processes import DEADLINE, running, until
from tests.retail import PIPELINES

pytestmark = [pytest.mark.alone, pytest.mark.thorough]

QUICK = {"lease": 3.0, "heartbeat": 1.0}
# Of the workers: nobody but the test, whose lease is short, may declare a run dead, however slowly its process begins.
PATIENT = {"lease": 300.0, "heartbeat": 1.0}
WRITES = 13  # all that a stale owner tries


def state_of(site: Site) -> tuple[Mapping[str, list[Any]], Mapping[str, str]]:
    """All that the ledger says but processes' own beats and alerts of them, and the digest of every model's file."""
    tables = [table for table in metadata.sorted_tables if not table.name.startswith(("processes", "alert"))]
    with site.deployment.ledger.reading() as connection:
        rows = {table.name: sorted(map(repr, connection.execute(select(table)))) for table in tables}
        current = current_versions(connection)
    for table in current.values():
        site.deployment.datamart.verify(table)  # every byte as the ledger says
    models = [path for path in Path(site.deployment.settings.models_root).rglob("*") if path.is_file()]
    return rows, {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in models}


def hurry(site: Site) -> None:
    """Gives the site, and its processes, a short lease."""
    site.settings.update(QUICK)
    site.deployment = site.deployment.with_settings(site.deployment.settings.changed(**QUICK))


def declared_dead(site: Site, run_id: str) -> None:
    until(lambda: run_id in runs.reap_stale_runs(site.deployment), "crash")


@contextmanager
def stale_owner(site: Site, run_id: str, moment: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """An owner that carries out the run and has stopped at that moment."""
    words = [sys.executable, "-m", "tests.faults.stale_owner", run_id, *moment]
    with subprocess.Popen(words, cwd=ROOT, env=site.environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: stopped(process.pid), "stopped owner")
            yield process
        finally:
            process.kill()


def stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


@pytest.mark.parametrize(
    "moment", [("commit",), ("ready", "last"), ("attempt_started", "last"), ("finished", "last")], ids=" ".join
)
def test_an_owner_that_was_stopped_past_its_lease_changes_nothing(
    site: Site, moment: Sequence[str], counted: Count
) -> None:
    hurry(site)
    pipelines = PIPELINES if moment == ("commit",) else {"training": SMALL}
    run_id = site.request()
    with stale_owner(site, run_id, moment) as stale:
        assert lock_is_free(site.deployment.ledger, 1.0)
        declared_dead(site, run_id)
        again = runs.resume(site.deployment, run_id)
        executor = LocalExecutor()
        assert execute_run(site.deployment, again, executor, pipelines) == "succeeded"
        executor.close()
        before = state_of(site)
        assert before[0]["publications"]
        stale.send_signal(signal.SIGCONT)
        told, _ = stale.communicate(timeout=DEADLINE)
    assert told.split()[0] == moment[0]
    assert len(told.split()) == WRITES
    assert state_of(site) == before
    counted(f"row 3: an owner stopped before {' '.join(moment)}: {WRITES} of {WRITES} writes refused")


def test_a_worker_and_its_run_process_that_were_stopped_past_the_lease_change_nothing(
    site: Site, ray_head: RayAddress, counted: Count
) -> None:
    site.more = joining(ray_head)
    hurry(site)
    with site.worker(**PATIENT) as first:
        first.wait_up()
        run_id = site.request()
        site.wait_begun(run_id, "train_evaluate_select_model")
        run_process = first.busy_run_process()
        stop_outside_a_write(site, [first.pid, run_process])
        declared_dead(site, run_id)
        done = site.done(run_id)
        site.more = {}  # a Ray of its own: the stopped run process keeps the other's processors for itself
        with site.worker(**PATIENT) as second:
            second.wait_up()
            again = runs.resume(site.deployment, run_id)
            assert site.ended(again).state == "succeeded"
        assert site.run(run_id).state == "crashed"
        assert {task for task, state in site.states(again).items() if state == "cached"} >= set(done)
        before = state_of(site)
        for pid in (run_process, first.pid):
            os.kill(pid, signal.SIGCONT)
        until(lambda: not running([run_process]), "end of the stale run process")
        until(lambda: first.row, "beat of the worker that went on")
        assert state_of(site) == before
        assert len(site.states(run_id)) == len(PIPELINES["training"].tasks)
        log = first.log.read_text()
    assert f"Run {run_id} lost its lease, so it published nothing" in log
    counted("row 3: 1 stopped worker with its run process, nothing changed when they went on")
