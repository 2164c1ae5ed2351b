"""Row 16: kill -9 at every system call of a publish; what is read afterwards is the old set of tables or the new."""

from collections import Counter
from itertools import count
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine.control.runs import reap_stale_runs
from engine.deployment import Deployment
from engine.execution.vacuum import link_current, vacuum
from storage.ledger.catalog import current_versions, stored_versions
from storage.ledger.runs import run_row
from tests.faults.acts import ROWS, TABLES
from tests.faults.counts import Count
from tests.faults.stepping import ForkServer


def seen_in_ledger(deployment: Deployment) -> set[int]:
    """The numbers that stand in the current versions of the two tables."""
    with deployment.ledger.reading() as connection:
        current = current_versions(connection)
        states = {run_row(connection, table.version).state for table in current.values()}
    assert states <= {"succeeded"}
    seen = set()
    for name in TABLES:
        deployment.datamart.verify(current[name])
        rows = deployment.datamart.read(current[name])["publish"].to_pylist()
        assert len(rows) == ROWS * len(current[name].parts)
        seen |= set(rows)
    return seen


def seen_by_path(deployment: Deployment) -> list[int]:
    """The number that each of the paths that people read leads to."""
    found = []
    for name in TABLES:
        layer, _, table = name.partition(".")
        rows = pq.read_table(Path(deployment.roots.datamart) / layer / f"{table}.parquet")["publish"].to_pylist()
        assert len(rows) in (ROWS, 2 * ROWS)
        assert len(set(rows)) == 1
        found.append(rows[0])
    return found


def drafts(deployment: Deployment) -> list[str]:
    return sorted(str(path) for path in deployment.settings.home.rglob("*.tmp"))


@pytest.mark.thorough
def test_a_publish_that_is_killed_at_any_system_call_is_wholly_there_or_not_at_all(
    deployment: Deployment, fork_server: ForkServer, counted: Count
) -> None:
    home, ledger = deployment.settings.home, deployment.settings.ledger_url
    tidying = deployment.with_settings(deployment.settings.changed(keep_versions=1, retention_days=0))
    numbers, outcomes, other = count(1), Counter[str](), []
    old = next(numbers)
    assert fork_server.act("publish", home, ledger, old).code == 0
    new = next(numbers)
    for call in fork_server.killed_at_every_call(lambda: ("publish", home, ledger, new)):  # noqa: B023
        reap_stale_runs(deployment)  # on PostgreSQL it waits until the killed writer's transaction has come to its end
        seen = seen_in_ledger(deployment)
        outcome = "new" if seen == {new} else "old" if seen == {old} else "other"
        assert set(seen_by_path(deployment)) <= {old, new}
        vacuum(tidying)
        if outcome == "other" or deployment.ledger.check() != "ok" or set(seen_by_path(deployment)) != seen:
            other.append((call, seen))
        outcomes[outcome if call else "survived"] += 1
        old, new = (new, next(numbers)) if outcome == "new" else (old, new)
    assert other == []
    assert outcomes["old"] > 20
    assert outcomes["new"] > 5
    counted(
        f"row 16: killed at {outcomes['old'] + outcomes['new']} system calls of a publish: "
        f"{outcomes['old']} old, {outcomes['new']} new, {len(other)} other"
    )
    assert link_current(deployment) == []
    vacuum(tidying)  # what it has not seen before might be somebody's who is still at work
    assert drafts(deployment) == []
    with deployment.ledger.reading() as connection:
        assert deployment.datamart.versions() <= stored_versions(connection)
