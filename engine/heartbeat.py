"""Beats for a run while it is worked on, and hears when it was cancelled or lost."""

import logging
import threading
from types import TracebackType
from typing import Self

from engine.deployment import Deployment
from storage.errors import LeaseLost, LoanwatchError
from storage.runs import Lease, beat

log = logging.getLogger("loanwatch.engine")


class Heartbeat:
    """A thread that renews a lease, so that hashing a large file does not make the run look dead."""

    def __init__(self, deployment: Deployment, lease: Lease) -> None:
        self._deployment = deployment
        self._lease = lease
        self._ended = threading.Event()
        self.cancelled = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat_until_ended, daemon=True, name="heartbeat")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def check(self) -> None:
        """LeaseLost when the run was declared dead."""
        if self._lost.is_set():
            raise LeaseLost(self._lease.run_id)

    def _beat_until_ended(self) -> None:
        while not self._ended.wait(self._deployment.settings.heartbeat):
            try:
                with self._deployment.ledger.writing() as connection:
                    if beat(connection, self._lease, self._deployment.ledger.clock()):
                        self.cancelled.set()
            except LeaseLost:
                self._lost.set()
                return
            except LoanwatchError as error:
                log.warning("a heartbeat of %s failed: %s", self._lease.run_id, error)
