"""Row 42: hosts whose clocks differ by 35 s either way; no living run is reaped, no dead one is kept for longer."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import update

from engine.control import runs
from engine.deployment import Deployment
from engine.documents.processes import health_document, schedule_document
from engine.execution.executors import LocalExecutor
from engine.process.registry import ProcessRegistry, alive
from storage.db.ledger import utc_now
from storage.db.schema import runs as run_table
from storage.ledger.leases import Lease, claim
from storage.ledger.runs import run_row
from storage.settings import load_settings
from tests.databases import postgresql_only
from tests.engine.runner import PipelineRunner, task
from tests.faults.counts import Count
from tests.processes import until

pytestmark = [pytest.mark.thorough, postgresql_only]

Hosts = tuple[Deployment, Deployment]
LEASE, OFF = timedelta(seconds=30), timedelta(seconds=35)
ELSEWHERE = "elsewhere:0badcafe:1:1"
AS_OF = date(2024, 6, 1)


def shifted(by: timedelta) -> datetime:
    return utc_now() + by


@pytest.fixture(params=[-OFF, OFF], ids=["behind", "ahead"])
def hosts(request: pytest.FixtureRequest, tmp_path: Path, ledger_url: str) -> Iterator[Hosts]:
    """One deployment on two hosts: the clock of the first is off, that of the second is right."""
    settings = load_settings(home=tmp_path / "home", ledger=ledger_url, heartbeat=0.2)
    both = Deployment.open(settings, partial(shifted, request.param)), Deployment.open(settings)
    yield both
    for host in both:
        host.ledger.close()


def beat(host: Deployment, run_id: str) -> datetime:
    with host.ledger.reading() as connection:
        at: datetime = run_row(connection, run_id).heartbeat_at or datetime.min.replace(tzinfo=UTC)
    return at


def claimed(host: Deployment) -> Lease:
    """The lease of a run that a process of this host has just claimed; before this rule, by the host's own clock."""
    run_id = runs.request(host, runs.checked_request(host, "training", AS_OF))
    with host.ledger.writing() as connection:
        now = host.ledger.now(connection) if hasattr(host.ledger, "now") else host.ledger.clock()
        lease = claim(connection, run_id, ELSEWHERE, now)
    assert lease
    return lease


@pytest.mark.parametrize("first", [0, 1], ids=["runs there", "runs here"])
def test_a_living_run_is_reaped_by_nobody(hosts: Hosts, first: int, counted: Count) -> None:
    runner, watcher = hosts[first], hosts[1 - first]
    book = PipelineRunner(runner, LocalExecutor(), (task("waits", "waits_for_release"),))
    release = Path(runner.roots.reports) / "release"
    release.parent.mkdir(parents=True)
    os.mkfifo(release)
    run_id = runs.request(runner, runs.checked_request(runner, "training", AS_OF))
    ended: list[str] = []
    thread = threading.Thread(target=lambda: ended.append(book.execute_run(run_id)[1]))
    thread.start()
    until(lambda: book.marks("waits"), "task")
    claimed_at = beat(watcher, run_id)
    reaped = runs.reap_stale_runs(watcher)
    until(lambda: reaped or beat(watcher, run_id) > claimed_at, "beat")
    reaped += runs.reap_stale_runs(watcher)
    release.open("wb").close()
    thread.join()
    book.executor.close()
    assert (reaped, ended) == ([], ["succeeded"])
    counted("row 42: a living run seen from a host whose clock differs by 35 s, 0 reaped")


@pytest.mark.parametrize("first", [0, 1], ids=["died there", "died here"])
def test_a_dead_run_is_kept_no_longer_than_its_lease(hosts: Hosts, first: int, counted: Count) -> None:
    runner, watcher = hosts[first], hosts[1 - first]
    lease = claimed(runner)
    query = update(run_table).where(run_table.c.run_id == lease.run_id)
    last = beat(runner, lease.run_id)
    for silence, reaped in ((LEASE - timedelta(seconds=5), []), (LEASE + timedelta(seconds=1), [lease.run_id])):
        with runner.ledger.writing() as connection:
            connection.execute(query.values(heartbeat_at=last - silence))
        assert runs.reap_stale_runs(watcher) == reaped
    counted("row 42: a dead run seen from a host whose clock differs by 35 s, reaped when its lease ended")


def test_a_process_is_alive_for_every_host(hosts: Hosts) -> None:
    for here, there in (hosts, hosts[::-1]):
        registry = ProcessRegistry(here, "worker")
        registry.register({})
        assert len(alive(there, "worker")) == 1
        assert [row["state"] for row in health_document(there)["processes"]] == ["alive"]
        registry.deregister()


def test_a_request_waits_since_the_same_moment_for_every_host(hosts: Hosts) -> None:
    here, there = hosts
    run_id = runs.request(here, runs.checked_request(here, "training", AS_OF))
    with there.ledger.reading() as connection:
        waited = utc_now() - run_row(connection, run_id).requested_at
    assert abs(waited) < timedelta(seconds=10)
    coming = [[row["coming"] for row in schedule_document(host)["pipelines"]] for host in hosts]
    assert coming[0] == coming[1]
