"""A run hears of its cancellation at once, and of its loss at the next beat."""

from datetime import timedelta
from pathlib import Path

import pytest

from engine.control import runs
from engine.deployment import Deployment
from engine.execution.heartbeat import Heartbeat
from storage.errors import LeaseLost, UsageError
from storage.ledger.leases import Lease, claim, reap
from storage.settings import load_settings
from tests.processes import DEADLINE


def running(deployment: Deployment) -> Lease:
    run_id = runs.request(deployment, runs.checked_request(deployment, "training"))
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "me", deployment.ledger.clock())
    assert lease
    return lease


def test_a_cancellation_is_heard_long_before_the_next_beat(tmp_path: Path) -> None:
    deployment = Deployment.open(load_settings(home=tmp_path, heartbeat=20 * DEADLINE, lease=100 * DEADLINE))
    lease = running(deployment)
    with Heartbeat(deployment, lease) as heartbeat:
        runs.cancel(deployment, lease.run_id)
        assert heartbeat.cancelled.wait(DEADLINE)
    deployment.ledger.close()


def test_a_lost_lease_is_heard_of(deployment: Deployment) -> None:
    lease = running(deployment)
    with Heartbeat(deployment, lease) as heartbeat:
        heartbeat.check()
        with deployment.ledger.writing() as connection:
            reap(connection, timedelta(0), deployment.ledger.clock() + timedelta(seconds=1))
        assert heartbeat.lost.wait(DEADLINE)
        with pytest.raises(LeaseLost):
            heartbeat.check()


def test_a_heart_that_beats_too_slowly_for_its_lease_is_refused() -> None:
    with pytest.raises(UsageError, match="too slow"):
        load_settings(heartbeat=20, lease=30)
