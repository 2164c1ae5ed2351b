"""Rows 17 and 18: ten thousand publishes by two runs at a time with readers beside them; nobody sees half of one."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
from sqlalchemy import func, select

from engine.deployment import Deployment
from engine.execution.publish import commit
from engine.execution.vacuum import link_current
from jobs.job import TaskResult
from storage.db.schema import publications
from storage.errors import LeaseLost, StorageError
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions, mark_removed, record_versions
from storage.ledger.leases import Lease, reap
from storage.ledger.runs import run_row
from tests.faults.acts import TABLES, claimed, written
from tests.faults.counts import Count
from tests.paths import ROOT

PUBLISHES = {"sqlite": 10_000, "postgresql": 2_500}
READERS = 2
PATIENCE = 300.0


def started(act: str, deployment: Deployment, *words: object) -> subprocess.Popen[str]:
    settings = deployment.settings
    command = [sys.executable, "-W", "error", "-m", "tests.faults.publishing", act, settings.home, settings.ledger_url]
    return subprocess.Popen([*map(str, command), *map(str, words)], cwd=ROOT, stdout=subprocess.PIPE, text=True)


def told(processes: Sequence[subprocess.Popen[str]]) -> list[list[int]]:
    """The numbers that each process ended with."""
    ended = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes)
    return [[int(word) for word in line.split()] for line in ended]


def prepared(deployment: Deployment, pipeline: str, number: int) -> tuple[Lease, list[TableVersion]]:
    """A run that has written both tables, and could publish them."""
    lease = claimed(deployment, pipeline)
    tables = written(deployment.datamart, lease.run_id, number)
    with deployment.ledger.writing() as connection:
        record_versions(connection, lease, tables, deployment.ledger.clock())
    return lease, tables


def end(deployment: Deployment, lease: Lease, tables: Sequence[TableVersion]) -> None:
    commit(deployment, lease, [(lease.run_id, TaskResult(tables=tuple(tables)))])


def seen(deployment: Deployment) -> list[set[int]]:
    """The numbers that stand in each table now."""
    with deployment.ledger.reading() as connection:
        current = current_versions(connection)
    return [set(deployment.datamart.read(current[name])["publish"].to_pylist()) for name in TABLES]


@pytest.mark.thorough
def test_readers_beside_ten_thousand_publishes_of_two_runs_see_one_whole_version_each_time(
    deployment: Deployment, tmp_path: Path, counted: Count
) -> None:
    """On PostgreSQL a publish takes some three times as long, so that a quarter of them meets nearly as many reads.

    More would repeat the same moments of the same publish, with the same files.
    """
    publishes = PUBLISHES["sqlite" if deployment.ledger.is_sqlite else "postgresql"]
    end(deployment, *prepared(deployment, "training", 0))
    link_current(deployment)
    before = monotonic()
    readers = [started("read", deployment, tmp_path / "end") for _ in range(READERS)]
    publishers = [
        started("publish", deployment, name, number, publishes // 2)
        for name, number in (("training", 100_000), ("inference", 200_000))
    ]
    try:
        assert sum(numbers[0] for numbers in told(publishers)) == publishes
    finally:
        (tmp_path / "end").touch()
    took = monotonic() - before
    reads, by_path, torn, versions = (sum(column) for column in zip(*told(readers), strict=True))
    with deployment.ledger.reading() as connection:
        events = connection.execute(select(func.count()).select_from(publications)).scalar_one()
    counted(
        f"row 17: {publishes:,} publishes by two runs at a time in {took:.0f} s, {reads} reads through the ledger and "
        f"{by_path} by path, {torn} torn"
    )
    assert torn == 0
    assert reads > 200
    assert versions > 30
    # A publish that finds its own versions current already has nothing to tell; all others told of both tables.
    assert publishes // 2 * len(TABLES) < events <= (publishes + 1) * len(TABLES)
    assert deployment.ledger.check() == "ok"


def test_of_two_runs_that_publish_the_same_tables_the_later_commit_wins_whole(deployment: Deployment) -> None:
    first, second = prepared(deployment, "training", 1), prepared(deployment, "inference", 2)
    end(deployment, *second)
    assert seen(deployment) == [{2}, {2}]
    end(deployment, *first)  # it began earlier, and commits later
    assert seen(deployment) == [{1}, {1}]
    link_current(deployment)
    assert link_current(deployment) == []
    with deployment.ledger.reading() as connection:
        assert {run_row(connection, lease.run_id).state for lease, _ in (first, second)} == {"succeeded"}


def test_a_run_that_publishes_one_of_two_tables_leaves_the_other_run_its_own(deployment: Deployment) -> None:
    first, second = prepared(deployment, "training", 1), prepared(deployment, "inference", 2)
    end(deployment, *first)
    end(deployment, second[0], second[1][:1])
    assert seen(deployment) == [{2}, {1}]


def test_a_run_that_was_declared_dead_is_told_and_publishes_nothing(deployment: Deployment) -> None:
    stale, tables = prepared(deployment, "training", 1)
    with deployment.ledger.writing() as connection:
        assert reap(connection, timedelta(0), deployment.ledger.clock() + timedelta(seconds=1)) == [stale.run_id]
    end(deployment, *prepared(deployment, "training", 2))
    with pytest.raises(LeaseLost, match=stale.run_id):
        end(deployment, stale, tables)
    assert seen(deployment) == [{2}, {2}]


def test_a_run_whose_versions_were_removed_meanwhile_is_told_and_publishes_none_of_them(deployment: Deployment) -> None:
    end(deployment, *prepared(deployment, "training", 1))
    lease, tables = prepared(deployment, "training", 2)
    with deployment.ledger.writing() as connection:
        mark_removed(connection, [(tables[1].table, tables[1].version)], deployment.ledger.clock())
    with pytest.raises(StorageError, match=f"{tables[1].table} was deleted; resume the run"):
        end(deployment, lease, tables)
    assert seen(deployment) == [{1}, {1}]
