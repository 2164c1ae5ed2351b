"""Row 13: PostgreSQL is restarted at once three times during a training; nothing is lost or doubled."""

import io
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import select

from engine.cli import attach
from engine.cli.attach import followed
from engine.cluster.private import RayAddress
from engine.control import runs
from engine.errors import Refused
from storage.db.schema import publications
from tests.databases import TEMPLATE
from tests.faults.counts import Count
from tests.heads import joining
from tests.live import Site
from tests.postgres import Postgres, running_postgres
from tests.processes import DEADLINE, until
from tests.retail import PIPELINES

pytestmark = [pytest.mark.alone, pytest.mark.thorough]

BOUNDARIES = (1, 8, 11)  # tasks that are done when the server is restarted


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server of this test's own: restarting it must not disturb any other."""
    with running_postgres() as own:
        own.execute(f"CREATE DATABASE {TEMPLATE}")
        yield own


def test_a_run_outlives_a_database_server_that_is_restarted(
    tmp_path: Path, small_book: Path, server: Postgres, ray_head: RayAddress, counted: Count
) -> None:
    site = Site(tmp_path / "home", server.url(TEMPLATE), {"data": str(small_book)}, joining(ray_head))
    resumed = 0
    with site.worker() as worker:
        run_id = site.request()
        for boundary in BOUNDARIES:
            until(lambda: len(site.done(run_id)) >= boundary or site.run(run_id).finished_at, f"{boundary} tasks")  # noqa: B023 - called at once
            run_id, again = going_on(site, run_id)
            resumed += again
            acknowledged = set(site.done(run_id))
            server.control("restart", "-m", "immediate")
            assert acknowledged <= set(site.done(run_id))
        while site.ended(run_id).state != "succeeded":
            run_id, again = going_on(site, run_id)
            resumed += again
        assert worker.process.poll() is None
        assert worker.row is not None
    with site.deployment.ledger.reading() as connection:
        published = Counter(connection.execute(select(publications.c.table_name)).scalars())
    assert set(published) == {table for task in PIPELINES["training"].tasks for table in task.writes}
    assert set(published.values()) == {1}
    assert len(site.told("models")) == 1
    server.check(TEMPLATE)
    site.close()
    counted(f"row 13: {len(BOUNDARIES)} restarts in one training, resumed {resumed} times, nothing twice or lost")


def going_on(site: Site, run_id: str) -> tuple[str, int]:
    """The run that goes on with it, and 1 if it had to be resumed: it may only have crashed, with what to do."""
    run = site.run(run_id)
    if run.finished_at is None or run.state == "succeeded":
        return run_id, 0
    assert run.state == "crashed", run.error
    assert "resume" in run.error["message"]
    assert "ended with code" not in run.error["message"]
    return runs.resume(site.deployment, run_id), 1


def test_who_follows_a_run_waits_for_the_server_as_the_run_does_and_is_told_when_it_stays_away(
    tmp_path: Path, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(tmp_path / "home", server.url(TEMPLATE))
    run_id, shown, came_to = site.request(), io.StringIO(), list[str | None]()
    console = Console(file=shown, width=200)
    following = threading.Thread(target=lambda: came_to.append(followed(site.deployment, run_id, console)))
    following.start()
    until(lambda: "is waiting for a worker" in shown.getvalue(), "first look")
    server.control("stop", "-m", "immediate")
    server.control("start")
    runs.cancel(site.deployment, run_id)
    following.join(DEADLINE)
    assert came_to == [run_id]
    again = site.request()
    monkeypatch.setattr(attach, "RESTART_SECONDS", 0.1)
    server.control("stop", "-m", "immediate")
    with pytest.raises(
        Refused, match=rf"^Run {again} may go on, but can't be followed: The ledger .* logs {again} --fol"
    ):
        followed(site.deployment, again, console)
    server.control("start")
    site.close()
