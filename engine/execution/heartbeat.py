"""The heartbeat of a run. It also detects that the run is to be cancelled or was marked as crashed."""

import logging
import threading
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from engine.deployment import Deployment
from engine.process.background import Background
from storage.errors import LeaseLost, LoanwatchError
from storage.ledger.leases import Lease, cancel_requested, renew

POLL_PAUSE = 0.25  # seconds between two checks for a request to cancel
log = logging.getLogger("loanwatch.engine")


class Heartbeat(Background):
    """A thread that renews the lease, also while the main thread is busy, for example with hashing a large file."""

    def __init__(self, deployment: Deployment, lease: Lease) -> None:
        super().__init__("heartbeat")
        self._deployment = deployment
        self._lease = lease
        self.cancelled = threading.Event()
        self.lost = threading.Event()

    def check(self) -> None:
        """Raises LeaseLost when the run was marked as crashed."""
        if self.lost.is_set():
            raise LeaseLost(self._lease.run_id)

    def work(self) -> None:
        pause = min(POLL_PAUSE, self._deployment.settings.heartbeat)
        due = monotonic() + self._deployment.settings.heartbeat
        while not self.ended.wait(pause):
            try:
                with self._deployment.ledger.reading() as connection:
                    if cancel_requested(connection, self._lease.run_id):
                        self.cancelled.set()
                if monotonic() >= due:
                    with self._deployment.ledger.writing() as connection:
                        renew(connection, self._lease, self._deployment.ledger.now(connection))
                    due = monotonic() + self._deployment.settings.heartbeat
            except LeaseLost:
                self.lost.set()
                return
            except (LoanwatchError, SQLAlchemyError) as error:
                log.warning("A heartbeat of run %s failed: %s", self._lease.run_id, error)
