"""Runs that a worker hands back while the ledger is away: requeued once, when it is back, also by the next worker."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import engine.worker.worker
from engine.cluster.head import State
from engine.cluster.private import RayAddress
from engine.control import runs
from engine.worker.worker import Worker
from storage.ledger.runs import caused_by
from tests.live import Site
from tests.postgres import Postgres, running_postgres
from tests.processes import DEADLINE, tree, until

pytestmark = [pytest.mark.alone, pytest.mark.thorough]


class SharedRay:
    """The tests' Ray head, of which a worker is told that it has ended."""

    pid = None

    def __init__(self, address: RayAddress) -> None:
        self.address = address
        self.state: State = "up"

    def poll(self) -> State:
        return self.state

    def end(self) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of these tests' own: stopping it must not disturb any other. Every test leaves it running."""
    with running_postgres() as own:
        yield own


@pytest.fixture
def away(tmp_path: Path, server: Postgres, small_book: Path) -> Iterator[Site]:
    """A deployment whose ledger can be stopped. Nobody but its workers declares a run dead."""
    with server.database() as name:
        opened = Site(tmp_path / "home", server.url(name), {"data": str(small_book), "stop_grace": 0.0})
        yield opened
        opened.close()


@contextmanager
def serving(site: Site, ray: SharedRay) -> Iterator[threading.Thread]:
    worker = Worker(site.deployment.as_it_is(site.deployment.settings), ray)
    thread = threading.Thread(target=worker.serve)
    thread.start()
    thread.stop = worker.stop  # type: ignore[attr-defined]
    try:
        yield thread
    finally:
        worker.stop()
        thread.join(DEADLINE)
        worker._deployment.ledger.close()
    assert not thread.is_alive()


def begun(site: Site) -> str:
    run_id = site.request()
    site.wait_begun(run_id, "ingest_feature_clickstream")
    return run_id


def successors(site: Site, run_id: str) -> list[str]:
    with site.deployment.ledger.reading() as connection:
        return caused_by(connection, run_id)


def assert_requeued_once(site: Site, run_id: str) -> None:
    until(lambda: successors(site, run_id), "requeued run")
    assert "the run was requeued" in site.run(run_id).error["message"]
    (again,) = successors(site, run_id)
    assert site.run(again).cause_detail["handed_back"] == 1


def test_a_run_is_requeued_when_its_ray_ended_while_the_ledger_was_away(
    away: Site, server: Postgres, ray_head: RayAddress
) -> None:
    ray = SharedRay(ray_head)
    with serving(away, ray):
        run_id = begun(away)
        before = run_processes()
        server.control("stop", "-m", "immediate")
        ray.state = "down"
        until(lambda: before - run_processes(), "end of the run process")
        server.control("start")
        assert_requeued_once(away, run_id)


def run_processes() -> set[int]:
    """The run processes of this process's worker, with the standby."""
    return {pid for pid, words in tree(os.getpid()).items() if "engine.worker.run_process" in words}


def test_a_stopping_worker_waits_for_a_ledger_that_is_away(away: Site, server: Postgres, ray_head: RayAddress) -> None:
    with serving(away, SharedRay(ray_head)) as worker:
        run_id = begun(away)
        before = run_processes()
        server.control("stop", "-m", "immediate")
        worker.stop()  # type: ignore[attr-defined]
        until(lambda: before - run_processes(), "end of the run process")
        server.control("start")
    assert_requeued_once(away, run_id)


def test_the_next_worker_hands_back_what_the_last_one_could_not(
    away: Site, server: Postgres, ray_head: RayAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine.worker.worker, "HAND_BACK_SECONDS", 0.5, raising=False)
    with serving(away, SharedRay(ray_head)):
        run_id = begun(away)
        server.control("stop", "-m", "immediate")
    server.control("start")
    short = away.deployment.with_settings(away.deployment.settings.changed(lease=0.5, heartbeat=0.1))
    until(lambda: run_id in runs.reap_stale_runs(short), "crash")
    for _ in range(2):
        with serving(away, SharedRay(ray_head)):
            assert_requeued_once(away, run_id)
