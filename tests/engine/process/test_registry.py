"""Who is there: processes that arrive, beat and leave, seen by others through the ledger."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.deployment import Deployment
from engine.process.identity import this_process
from engine.process.registry import ProcessRegistry, alive
from storage.db.ledger import utc_now
from storage.ledger.processes import KEPT, Process, process_rows, register
from storage.settings import load_settings
from tests.processes import DEADLINE, until


def seen(deployment: Deployment, kind: str = "worker") -> list[str]:
    return [row.process_id for row in alive(deployment, kind)]


def test_a_process_is_there_from_its_arrival_to_its_leave(deployment: Deployment) -> None:
    registry = ProcessRegistry(deployment, "worker")
    assert seen(deployment) == []
    registry.register({"ray": "starting"})
    assert seen(deployment) == [this_process()]
    assert seen(deployment, "scheduler") == []
    registry.deregister()
    assert seen(deployment) == []
    with deployment.ledger.reading() as connection:
        (row,) = process_rows(connection)
    assert (row.kind, row.detail) == ("worker", {"ray": "starting"})
    assert row.stopped_at is not None


def test_a_beat_that_comes_after_the_leave_changes_nothing(deployment: Deployment) -> None:
    registry = ProcessRegistry(deployment, "scheduler")
    registry.register({})
    registry.deregister()
    assert registry.heartbeat({"late": True})
    assert seen(deployment, "scheduler") == []
    with deployment.ledger.reading() as connection:
        (row,) = process_rows(connection)
    assert (row.detail, row.stopped_at is not None) == ({}, True)


def test_it_beats_when_it_is_time_or_when_there_is_news(deployment: Deployment) -> None:
    registry = ProcessRegistry(deployment, "worker")
    registry.register({"ray": "starting"})
    assert registry.heartbeat({"ray": "up"})
    until(lambda: registry.heartbeat({"ray": "up"}), "second beat")
    (row,) = alive(deployment, "worker")
    assert row.detail == {"ray": "up"}
    assert row.heartbeat_at > row.started_at


def test_it_does_not_beat_all_the_time(tmp_path: Path) -> None:
    deployment = Deployment.open(load_settings(home=tmp_path, heartbeat=20 * DEADLINE, lease=100 * DEADLINE))
    registry = ProcessRegistry(deployment, "worker")
    registry.register({})
    assert not any(registry.heartbeat({}) for _ in range(100))
    deployment.ledger.close()


@pytest.mark.parametrize(("silence", "there"), [(29, True), (31, False)])
def test_whoever_was_silent_for_a_lease_does_not_count(tmp_path: Path, silence: int, *, there: bool) -> None:
    now = [utc_now()]
    deployment = Deployment.open(load_settings(home=tmp_path), lambda: now[0])
    ProcessRegistry(deployment, "worker").register({})
    now[0] += timedelta(seconds=silence)
    assert bool(seen(deployment)) == there
    deployment.ledger.close()


def test_whoever_has_ended_without_a_word_does_not_count(deployment: Deployment) -> None:
    ended = f"{this_process().rpartition(':')[0]}:1"  # this process id, but another process had it
    elsewhere = "elsewhere:0badcafe:1:1"
    with deployment.ledger.writing() as connection:
        for name in (ended, elsewhere):
            register(connection, Process(name, "worker", "host", 1), {}, deployment.ledger.clock())
    assert seen(deployment) == [elsewhere]


def test_whoever_was_last_seen_a_week_ago_is_forgotten(deployment: Deployment) -> None:
    now = deployment.ledger.clock()
    with deployment.ledger.writing() as connection:
        register(connection, Process("old:0badcafe:1:1", "worker", "host", 1), {}, now - KEPT - timedelta(hours=1))
    ProcessRegistry(deployment, "worker").register({})
    with deployment.ledger.reading() as connection:
        assert [row.process_id for row in process_rows(connection)] == [this_process()]
