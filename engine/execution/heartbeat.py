"""The heartbeat of a run. It also detects that the run is to be cancelled or was marked as crashed."""

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from engine.deployment import Deployment
from engine.process.background import Background, in_thread
from storage.errors import LeaseLost, LoanwatchError
from storage.ledger.leases import Lease, cancel_requested, renew

POLL_PAUSE = 0.25  # seconds between two checks for a request to cancel
log = logging.getLogger("loanwatch.engine")

Result = TypeVar("Result")


class Heartbeat(Background):
    """A thread that renews the lease, also while the main thread is busy, for example with hashing a large file."""

    def __init__(self, deployment: Deployment, lease: Lease) -> None:
        super().__init__("heartbeat")
        self._deployment = deployment
        self.lease = lease
        self.cancelled = threading.Event()
        self.lost = threading.Event()

    def check(self) -> None:
        """Raises LeaseLost when the run was marked as crashed."""
        if self.lost.is_set():
            raise LeaseLost(self.lease.run_id)

    def result_unless_cancelled(self, call: Callable[[], Result]) -> Result | None:
        """The result of a call that may wait for a store; None as soon as the run is to be cancelled.

        Raises what the call raises, and LeaseLost when the run was marked as crashed in the meantime.
        """
        future = in_thread(call, "start-of-run")
        while not self.cancelled.is_set():
            self.check()
            try:
                return future.result(POLL_PAUSE)
            except TimeoutError:
                if future.done():
                    raise
        return None

    def work(self) -> None:
        pause = min(POLL_PAUSE, self._deployment.settings.heartbeat)
        due = monotonic() + self._deployment.settings.heartbeat
        while not self.ended.wait(pause):
            try:
                with self._deployment.ledger.reading() as connection:
                    if cancel_requested(connection, self.lease.run_id):
                        self.cancelled.set()
                if monotonic() >= due:
                    with self._deployment.ledger.writing() as connection:
                        renew(connection, self.lease, self._deployment.ledger.now(connection))
                    due = monotonic() + self._deployment.settings.heartbeat
            except LeaseLost:
                self.lost.set()
                return
            except (LoanwatchError, SQLAlchemyError) as error:
                log.warning("A heartbeat of run %s failed: %s", self.lease.run_id, error)
