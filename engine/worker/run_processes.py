"""A worker's run processes: one for each active run, and a standby for the next run."""

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
from engine.definitions.sources import disk_stamp
from engine.process.identity import mark_of
from engine.worker.assignment import RunAssignment
from storage.ledger.leases import Lease

log = logging.getLogger("loanwatch.engine")

KILL_TIMEOUT = 5.0  # seconds


class RunProcess:
    """A run process, for the worker that started it."""

    def __init__(self, cluster: RayAddress) -> None:
        command = [sys.executable, "-m", "engine.worker.run_process", cluster.address, cluster.token]
        self._sources = disk_stamp()
        # In a session of its own, so that only the worker receives Ctrl-C in the terminal.
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, cwd=PROJECT)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """The exit code, None while the process runs."""
        return self._process.poll()

    @property
    def is_outdated(self) -> bool:
        """Whether the code on disk may have changed since the process started."""
        return disk_stamp() != self._sources

    def assign(self, assignment: RunAssignment) -> None:
        """Sends an assignment. The exit code shows later when the process has ended."""
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.write(assignment.as_line())
                self._process.stdin.flush()

    def kill(self) -> None:
        """Kills the process and its Ray tasks on this machine."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILL_TIMEOUT)
        kill_tasks_of(mark_of(self.pid))
        if self._process.stdin is not None:
            with suppress(BrokenPipeError):
                self._process.stdin.close()


@dataclass
class ActiveRun:
    """A run and its process. `cancelled_since` (monotonic seconds) is set when the run is to be cancelled."""

    lease: Lease
    process: RunProcess
    cancelled_since: float | None = None


@dataclass
class RunProcessPool:
    """The active runs by run id, and the standby process for the next one."""

    active: dict[str, ActiveRun] = field(default_factory=dict)
    _standby: RunProcess | None = None
    _standby_since: float = 0.0

    def start(self, assignment: RunAssignment, cluster: RayAddress) -> None:
        """Starts a run on the Ray at that address, in the standby process when there is one."""
        process, self._standby = self._standby, None
        if process is not None and process.is_outdated:
            process.kill()
            process = None
        if process is None or process.exit_code is not None:
            process = RunProcess(cluster)
        process.assign(assignment)
        self._standby_since = monotonic()
        self.active[assignment.lease.run_id] = ActiveRun(assignment.lease, process)

    def ensure_standby(self, cluster: RayAddress) -> None:
        """Starts a standby process when there is none, at most once in a second."""
        if self._standby is not None and self._standby.exit_code is not None:
            log.warning("The standby run process ended with code %s.", self._standby.exit_code)
            self._standby = None
        if self._standby is None and monotonic() - self._standby_since > 1.0:
            self._standby, self._standby_since = RunProcess(cluster), monotonic()

    def exited(self) -> list[ActiveRun]:
        """The active runs whose process has ended."""
        return [run for run in self.active.values() if run.process.exit_code is not None]

    def terminate(self, run: ActiveRun) -> None:
        """Kills a run's process and removes the run from the active ones."""
        run.process.kill()
        self.active.pop(run.lease.run_id, None)

    def shutdown(self) -> None:
        """Kills every process of the pool."""
        for run in list(self.active.values()):
            self.terminate(run)
        self.drop_standby()

    def drop_standby(self) -> None:
        """Kills the standby process, because the Ray that it joined may have ended."""
        if self._standby is not None:
            self._standby.kill()
            self._standby = None
