"""A worker's pool: the driver processes of its runs, and one that is ready for the next."""

import logging
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from engine.cluster.guard import PROJECT
from engine.cluster.private import RayAddress
from engine.cluster.sessions import kill_tasks_of
from engine.worker.assignment import RunAssignment
from storage.ledger.leases import Lease

log = logging.getLogger("loanwatch.engine")

PATIENCE = 5.0  # seconds in which a killed process is to be gone


class RunProcess:
    """A driver process as its worker sees it."""

    def __init__(self, cluster: RayAddress) -> None:
        command = [sys.executable, "-m", "engine.worker.run_process", cluster.address, cluster.token]
        # Its own session: the terminal's Ctrl-C is for the worker, which decides what becomes of its runs.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd=PROJECT)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, None while the process runs."""
        return self._process.poll()

    def take(self, order: RunAssignment) -> None:
        """Hands over an order; a driver that has just died shows by its exit code."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(order.as_line())
                self._process.stdin.flush()

    def kill(self) -> None:
        """Ends the process and whatever calls of it run on this machine."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        kill_tasks_of(self.pid)
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()


@dataclass
class ActiveRun:
    """A run that a driver carries out; `cancelled_since` (monotonic seconds) once it was told to end."""

    lease: Lease
    driver: RunProcess
    cancelled_since: float | None = None


@dataclass
class RunProcessPool:
    """The active under way, by run id, and the driver that waits for the next."""

    active: dict[str, ActiveRun] = field(default_factory=dict)
    _standby: RunProcess | None = None
    _standby_since: float = 0.0

    def send(self, order: RunAssignment, cluster: RayAddress) -> None:
        """Begins a run at once, on the Ray at that address."""
        driver, self._standby = self._standby, None
        if driver is None or driver.code is not None:
            driver = RunProcess(cluster)
        driver.take(order)
        self.active[order.lease.run_id] = ActiveRun(order.lease, driver)

    def make_ready(self, cluster: RayAddress) -> None:
        """Has a driver wait for the next order; one that died is replaced a second later at the earliest."""
        if self._standby is not None and self._standby.code is not None:
            log.warning("a waiting driver ended with code %s", self._standby.code)
            self._standby = None
        if self._standby is None and monotonic() - self._standby_since > 1.0:
            self._standby, self._standby_since = RunProcess(cluster), monotonic()

    def ended(self) -> list[ActiveRun]:
        """The active whose process has ended."""
        return [run for run in self.active.values() if run.driver.code is not None]

    def terminate(self, run: ActiveRun) -> None:
        """Ends a run's process, if it runs, and forgets the run."""
        run.driver.kill()
        self.active.pop(run.lease.run_id, None)

    def shutdown(self) -> None:
        """Ends every process of the pool."""
        for run in list(self.active.values()):
            self.terminate(run)
        self.drop_standby()

    def drop_standby(self) -> None:
        """Ends the driver that waits; the Ray that it has joined may be gone."""
        if self._standby is not None:
            self._standby.kill()
            self._standby = None
