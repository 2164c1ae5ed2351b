"""The time that a stopping worker may take, and what is left of its runs when it is given less."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cluster.sessions import END_TIMEOUT
from engine.control import runs
from engine.deployment import Deployment
from engine.process.supervisor import STOP_SECONDS
from engine.worker.hand_backs import FOLDER, HandBacks
from engine.worker.worker import HAND_BACK_SECONDS, PAUSE_WITHOUT_LEDGER
from storage.db.engines import CONNECTION
from storage.ledger.leases import Lease, claim
from storage.ledger.runs import caused_by
from storage.settings import load_settings
from tests.processes import until
from tests.sandbox import AS_OF


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    opened = Deployment.open(load_settings(home=tmp_path / "home"))
    yield opened
    opened.ledger.close()


def claimed(deployment: Deployment) -> Lease:
    """The lease of a run that this process has claimed."""
    run_id = runs.request(deployment, runs.checked_request(deployment, "inference", AS_OF))
    with deployment.ledger.writing() as connection:
        lease = claim(connection, run_id, "host:machine:1:1", deployment.ledger.now(connection))
    assert lease is not None
    return lease


def test_a_run_is_kept_for_the_next_worker_before_a_stopping_one_waits_for_the_ledger(deployment: Deployment) -> None:
    lease = claimed(deployment)
    hand_backs = HandBacks(deployment)
    hand_backs.add(lease, "The worker was stopped")
    stopping = threading.Thread(target=hand_backs.finish, args=(10.0,))
    kept = deployment.settings.home / FOLDER / f"{lease.run_id}.json"
    with deployment.ledger.writing():  # nobody else can write meanwhile, for up to a minute
        stopping.start()
        until(kept.exists, "file of the run", seconds=20)
    stopping.join()
    assert not kept.exists()
    with deployment.ledger.reading() as connection:
        assert len(caused_by(connection, lease.run_id)) == 1


def test_up_and_the_units_wait_as_long_as_a_worker_without_its_ledger_may_take() -> None:
    lost = float(CONNECTION["tcp_user_timeout"]) / 1000  # until a step notices that the server does not answer
    last_try = float(CONNECTION["connect_timeout"])
    assert lost + PAUSE_WITHOUT_LEDGER + HAND_BACK_SECONDS + last_try + END_TIMEOUT <= STOP_SECONDS
