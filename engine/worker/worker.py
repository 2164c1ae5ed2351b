"""The worker: claims waiting runs, gives each a process of its own, watches them and the Ray that they share."""

import logging
import threading
from collections.abc import Mapping
from time import monotonic, sleep
from typing import Any

from engine.cluster.head import PrivateHead, RayForRuns, State
from engine.cluster.sessions import remove_dead_sessions
from engine.control.runs import handed_back, reap_stale_runs
from engine.deployment import Deployment
from engine.process.registry import ProcessRegistry
from engine.worker.assignment import RAY_IS_GONE, RunAssignment
from engine.worker.run_processes import ActiveRun, RunProcessPool
from storage.db.ledger import LedgerUnavailable
from storage.errors import LeaseLost
from storage.ledger.leases import cancel_requested, claim, end_early
from storage.ledger.runs import recent_runs, run_row

log = logging.getLogger("loanwatch.engine")

PAUSE = 0.2  # seconds between two looks at the ledger
PAUSE_WITHOUT_LEDGER = 2.0
CANCEL_GRACE = 1.0  # seconds in which a cancelled run ends by itself, of the two in which it must have ended
MOST_WAITING = 100


class Worker:
    """Serves one deployment until it is told to stop. All it knows is in the ledger and in its pool."""

    def __init__(self, deployment: Deployment, ray: RayForRuns) -> None:
        self._deployment = deployment
        self._ray = ray
        self._ray_state: State = "starting"
        self._pool = RunProcessPool()
        self._registry = ProcessRegistry(deployment, "worker")
        self._stop = threading.Event()
        self._stop_at: float | None = None

    def stop(self) -> None:
        """Asks the worker to end: at once when nothing runs, else after `stop_grace` seconds, or when asked again."""
        self._stop_at = monotonic() + (0.0 if self._stop.is_set() else self._deployment.settings.stop_grace)
        self._stop.set()

    def serve(self) -> None:
        """Works until it is told to stop; then whatever still runs is handed back, and nothing of it is left."""
        remove_dead_sessions()
        try:
            self._registry.register(self._detail())
            while not self._has_stopped():
                try:
                    self.step()
                    sleep(PAUSE)
                except LedgerUnavailable as error:
                    log.warning("%s", error)
                    sleep(PAUSE_WITHOUT_LEDGER)
            for run in list(self._pool.active.values()):
                self._hand_back(run, "The worker was stopped")
            self._registry.deregister()
        finally:
            self._pool.shutdown()
            self._ray.end()

    def step(self) -> None:
        """One round: Ray, the runs under way, the runs that wait, and a beat."""
        self._look_at_ray()
        self._reap_exited()
        self._end_cancelled()
        if self._ray_state == "up" and not self._stop.is_set():
            self._pool.make_ready(self._ray.address)
            self._take_waiting()
        if self._registry.beat(self._detail()):
            for run_id in reap_stale_runs(self._deployment):
                log.warning("%s had gone silent and is crashed", run_id)

    def _has_stopped(self) -> bool:
        if self._stop_at is None:
            return False
        return not self._pool.active or monotonic() > self._stop_at

    def _look_at_ray(self) -> None:
        before, self._ray_state = self._ray_state, self._ray.poll()
        if self._ray_state != before:
            log.info("Ray is %s", self._ray_state)
        if before == "up" and self._ray_state != "up":
            self._pool.drop_standby()
            for run in list(self._pool.active.values()):
                self._hand_back(run, "The Ray that the run used has ended")

    def _take_waiting(self) -> None:
        with self._deployment.ledger.reading() as connection:
            waiting = [run.run_id for run in recent_runs(connection, MOST_WAITING, state="queued")]
        for run_id in reversed(waiting):
            with self._deployment.ledger.writing() as connection:
                owner = self._registry.process.process_id
                lease = claim(connection, run_id, owner, self._deployment.ledger.clock())
            if lease is not None:
                settings = self._deployment.settings.model_dump(mode="json")
                self._pool.send(RunAssignment(lease, settings), self._ray.address)
                log.info("%s begins", run_id)

    def _reap_exited(self) -> None:
        for run in self._pool.ended():
            with self._deployment.ledger.reading() as connection:
                row = run_row(connection, run.lease.run_id)
            if row.state == "running" and row.epoch == run.lease.epoch:
                self._end_unfinished(run)
            else:
                log.info("%s %s", row.run_id, row.state)
            self._pool.terminate(run)

    def _end_unfinished(self, run: ActiveRun) -> None:
        """Ends a run whose process ended before it did."""
        if run.cancelled_since is not None:
            self._close(run, "cancelled", "The run was cancelled; published tables are as before.", 4)
        elif run.driver.code == RAY_IS_GONE:
            self._hand_back(run, "The Ray that the run used has ended")
        else:
            code = run.driver.code
            self._close(run, "crashed", f"The process of the run ended with code {code}; resume it.", 1)

    def _end_cancelled(self) -> None:
        for run in list(self._pool.active.values()):
            if run.cancelled_since is None:
                with self._deployment.ledger.reading() as connection:
                    if cancel_requested(connection, run.lease.run_id):
                        run.cancelled_since = monotonic()
            elif monotonic() - run.cancelled_since > CANCEL_GRACE:
                run.driver.kill()

    def _close(self, run: ActiveRun, state: str, message: str, exit_code: int) -> None:
        error: Mapping[str, Any] = {"type": state.capitalize(), "message": message, "exit_code": exit_code}
        try:
            with self._deployment.ledger.writing() as connection:
                end_early(connection, run.lease, state, dict(error), self._deployment.ledger.clock())
            log.warning("%s %s: %s", run.lease.run_id, state, message)
        except LeaseLost:
            log.warning("%s had been taken over", run.lease.run_id)

    def _hand_back(self, run: ActiveRun, why: str) -> None:
        self._pool.terminate(run)
        try:
            again = handed_back(self._deployment, run.lease, why)
            log.warning("%s is handed back (%s); %s goes on", run.lease.run_id, why, again or "nobody")
        except LeaseLost:
            log.info("%s had ended", run.lease.run_id)

    def _detail(self) -> dict[str, Any]:
        """What others may want to know of this worker."""
        up = self._ray_state == "up"
        return {
            "ray": self._ray_state,
            "ray_address": self._ray.address.address if up else None,
            "head_pid": self._ray.pid if isinstance(self._ray, PrivateHead) else None,
            "runs": sorted(self._pool.active),
        }
