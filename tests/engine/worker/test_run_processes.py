"""A worker's run processes: when the next one is started."""

from engine.cluster.private import RayAddress
from engine.worker.assignment import RunAssignment
from engine.worker.run_processes import RunProcessPool
from storage.ledger.leases import Lease

NO_RAY = RayAddress("127.0.0.1:1", "token")


def test_the_next_process_is_not_started_beside_the_beginning_of_a_run() -> None:
    """It imports for a second, which a run that is reused as a whole would share the processors with."""
    pool = RunProcessPool()
    try:
        pool.ensure_standby(NO_RAY)
        waiting, pool._standby_since = pool._standby, 0.0
        pool.start(RunAssignment(Lease("training-1", "a worker", 1), {}), NO_RAY)
        assert [run.process for run in pool.active.values()] == [waiting]
        pool.ensure_standby(NO_RAY)
        assert pool._standby is None
        pool._standby_since = 0.0
        pool.ensure_standby(NO_RAY)
        assert pool._standby is not None
    finally:
        pool.shutdown()
