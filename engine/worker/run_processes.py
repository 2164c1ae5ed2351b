"""A worker's crew: the driver processes of its runs, and one that is ready for the next."""

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
from engine.worker.assignment import Order
from storage.ledger.leases import Lease

log = logging.getLogger("loanwatch.engine")

PATIENCE = 5.0  # seconds in which a killed process is to be gone


class Driver:
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

    def take(self, order: Order) -> None:
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
class Mission:
    """A run that a driver carries out; `cancelled_since` (monotonic seconds) once it was told to end."""

    lease: Lease
    driver: Driver
    cancelled_since: float | None = None


@dataclass
class Crew:
    """The missions under way, by run id, and the driver that waits for the next."""

    missions: dict[str, Mission] = field(default_factory=dict)
    _spare: Driver | None = None
    _spared_at: float = 0.0

    def send(self, order: Order, cluster: RayAddress) -> None:
        """Begins a mission at once, on the Ray at that address."""
        driver, self._spare = self._spare, None
        if driver is None or driver.code is not None:
            driver = Driver(cluster)
        driver.take(order)
        self.missions[order.lease.run_id] = Mission(order.lease, driver)

    def make_ready(self, cluster: RayAddress) -> None:
        """Has a driver wait for the next order; one that died is replaced a second later at the earliest."""
        if self._spare is not None and self._spare.code is not None:
            log.warning("a waiting driver ended with code %s", self._spare.code)
            self._spare = None
        if self._spare is None and monotonic() - self._spared_at > 1.0:
            self._spare, self._spared_at = Driver(cluster), monotonic()

    def ended(self) -> list[Mission]:
        """The missions whose process has ended."""
        return [mission for mission in self.missions.values() if mission.driver.code is not None]

    def dismiss(self, mission: Mission) -> None:
        """Ends a mission's process, if it runs, and forgets the mission."""
        mission.driver.kill()
        self.missions.pop(mission.lease.run_id, None)

    def disband(self) -> None:
        """Ends every process of the crew."""
        for mission in list(self.missions.values()):
            self.dismiss(mission)
        self.drop_spare()

    def drop_spare(self) -> None:
        """Ends the driver that waits; the Ray that it has joined may be gone."""
        if self._spare is not None:
            self._spare.kill()
            self._spare = None
