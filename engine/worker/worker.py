"""The worker: claims queued runs, starts a process for each, and checks these processes and their Ray."""

import logging
import threading
from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

from engine.cluster.head import RayForRuns, State
from engine.cluster.sessions import remove_dead_sessions
from engine.control.runs import reap_stale_runs
from engine.control.settings_log import record_changed_settings
from engine.definitions.sources import code_digest, is_outdated
from engine.deployment import Deployment
from engine.process.registry import ProcessRegistry
from engine.process.run_settings import run_settings
from engine.worker.assignment import CODE_CHANGED, LEDGER_IS_AWAY, RAY_IS_GONE, RunAssignment
from engine.worker.hand_backs import HandBacks
from engine.worker.run_processes import ActiveRun, RunProcessPool
from storage.alert_settings import SECRETS
from storage.db.ledger import LedgerUnavailable
from storage.errors import LeaseLost
from storage.ledger.leases import cancel_requested, claim, end_early
from storage.ledger.runs import queued_runs, run_row

log = logging.getLogger("loanwatch.engine")

POLL_PAUSE = 0.2  # seconds between two steps
PAUSE_WITHOUT_LEDGER = 2.0
HAND_BACK_SECONDS = 10.0  # how long a stopping worker tries to hand back its runs
CANCEL_GRACE = 1.0  # seconds that a cancelled run has to end before it is killed; it must end within two


class Worker:
    """Executes the runs of one deployment until it is stopped. Its state is in the ledger and in its pool.

    `metrics` gives the URL at which this process serves metrics, None while it does not.
    """

    def __init__(
        self, deployment: Deployment, ray: RayForRuns, metrics: Callable[[], str | None] = lambda: None
    ) -> None:
        self._deployment = deployment
        self._ray = ray
        self._metrics = metrics
        self._ray_state: State = "starting"
        self._pool = RunProcessPool()
        self._hand_backs = HandBacks(deployment)
        self._registry = ProcessRegistry(deployment, "worker")
        self._settings = run_settings(deployment)
        self._outdated, self._looked_at = False, monotonic()
        self._stop = threading.Event()
        self._stop_at: float | None = None

    def stop(self) -> None:
        """Stops the worker when no run is active, or after `stop_grace` seconds. A second call stops it immediately."""
        self._stop_at = monotonic() + (0.0 if self._stop.is_set() else self._deployment.settings.stop_grace)
        self._stop.set()

    def serve(self) -> None:
        """Executes runs until it is stopped. Then it requeues the active runs and ends all its processes."""
        remove_dead_sessions()
        self._hand_backs.load()
        registered = False
        try:
            while not self._has_stopped():
                try:
                    if not registered:
                        self._registry.register(self._detail())
                        record_changed_settings(self._deployment)
                        registered = True
                    self.step()
                    sleep(POLL_PAUSE)
                except LedgerUnavailable as error:
                    log.warning("%s", error)
                    sleep(PAUSE_WITHOUT_LEDGER)
            for run in list(self._pool.active.values()):
                self._hand_back(run, "The worker was stopped")
            self._hand_backs.finish(HAND_BACK_SECONDS)
            self._registry.deregister()
        except LedgerUnavailable as error:
            log.warning("%s", error)
        finally:
            self._pool.shutdown()
            self._ray.end()

    def step(self) -> None:
        """Checks Ray, the active runs and the queued runs once, and sends a heartbeat when it is due."""
        self._poll_ray()
        self._hand_backs.try_all()
        self._reap_exited()
        self._end_cancelled()
        if self._ray_state == "up" and not self._stop.is_set():
            self._pool.ensure_standby(self._ray.address)
            self._start_queued()
        if self._registry.heartbeat(self._detail()):
            for run_id in reap_stale_runs(self._deployment):
                log.warning("Run %s crashed: it sent no heartbeat.", run_id, extra={"run_id": run_id})

    def _has_stopped(self) -> bool:
        if self._stop_at is None:
            return False
        return not self._pool.active or monotonic() > self._stop_at

    def _poll_ray(self) -> None:
        before, self._ray_state = self._ray_state, self._ray.poll()
        if self._ray_state != before:
            self._log_ray_state(self._deployment.settings.ray_address)
        if before == "up" and self._ray_state != "up":
            self._pool.drop_standby()
            for run in list(self._pool.active.values()):
                self._hand_back(run, "The Ray that the run used has ended")

    def _log_ray_state(self, joined: str) -> None:
        if joined and self._ray_state == "down":
            log.warning("The Ray at %s is down; start it there.", joined)
        elif joined:
            log.info("The Ray at %s is %s.", joined, self._ray_state)
        else:
            log.info("Ray is %s.", self._ray_state)

    def _start_queued(self) -> None:
        with self._deployment.ledger.reading() as connection:
            queued = [run.run_id for run in queued_runs(connection)]
        for run_id in queued:
            with self._deployment.ledger.writing() as connection:
                owner = self._registry.process.process_id
                lease = claim(connection, run_id, owner, self._deployment.ledger.now(connection))
            if lease is not None:
                settings = self._deployment.settings.model_dump(mode="json", exclude=SECRETS)
                self._pool.start(RunAssignment(lease, settings), self._ray.address)
                log.info("Run %s started.", run_id, extra={"run_id": run_id})

    def _reap_exited(self) -> None:
        for run in self._pool.exited():
            with self._deployment.ledger.reading() as connection:
                row = run_row(connection, run.lease.run_id)
            if row.state == "running" and row.epoch == run.lease.epoch:
                self._close_unfinished(run)
            else:
                log.info("Run %s %s.", row.run_id, row.state, extra={"run_id": row.run_id})
            self._pool.terminate(run)

    def _close_unfinished(self, run: ActiveRun) -> None:
        """Ends a run whose process exited before the run had ended."""
        if run.cancelled_since is not None:
            self._close(run, "cancelled", "The run was cancelled; published tables are unchanged.", 4)
        elif run.process.exit_code == RAY_IS_GONE:
            self._hand_back(run, "The Ray that the run used has ended")
        elif run.process.exit_code == CODE_CHANGED:
            self._hand_back(run, "The code changed while the run was going")
        elif run.process.exit_code == LEDGER_IS_AWAY:
            self._close(run, "crashed", "The run could not use the ledger; resume the run.", 1)
        else:
            code = run.process.exit_code
            self._close(run, "crashed", f"The process of the run ended with code {code}; resume the run.", 1)

    def _end_cancelled(self) -> None:
        for run in list(self._pool.active.values()):
            if run.cancelled_since is None:
                with self._deployment.ledger.reading() as connection:
                    if cancel_requested(connection, run.lease.run_id):
                        run.cancelled_since = monotonic()
            elif monotonic() - run.cancelled_since > CANCEL_GRACE:
                run.process.kill()

    def _close(self, run: ActiveRun, state: str, message: str, exit_code: int) -> None:
        error: Mapping[str, Any] = {"type": state.capitalize(), "message": message, "exit_code": exit_code}
        try:
            with self._deployment.ledger.writing() as connection:
                end_early(connection, run.lease, state, dict(error), self._deployment.ledger.now(connection))
            log.warning("Run %s %s: %s", run.lease.run_id, state, message, extra=_of(run))
        except LeaseLost:
            log.warning("Run %s was marked as crashed already.", run.lease.run_id, extra=_of(run))

    def _hand_back(self, run: ActiveRun, reason: str) -> None:
        """Ends a run's process. The run is requeued when the ledger can be reached."""
        self._pool.terminate(run)
        self._hand_backs.add(run.lease, reason)

    def _is_outdated(self) -> bool:
        """Whether the code on disk changed since this worker started. It looks once in a heartbeat."""
        if not self._outdated and monotonic() - self._looked_at > self._deployment.settings.heartbeat:
            self._outdated, self._looked_at = is_outdated(), monotonic()
            if self._outdated:
                log.warning("The code on disk changed since this worker started; restart the worker.")
        return self._outdated

    def _detail(self) -> dict[str, Any]:
        """The details of this worker in the process registry."""
        up = self._ray_state == "up"
        return {
            "ray": self._ray_state,
            "ray_address": self._ray.address.address if up else self._deployment.settings.ray_address or None,
            "head_pid": self._ray.pid,
            "runs": sorted(self._pool.active),
            "code": code_digest()[:8],
            "outdated": self._is_outdated(),
            "metrics": self._metrics(),
            "settings": self._settings,
        }


def _of(run: ActiveRun) -> dict[str, str]:
    """The fields of a log line about a run."""
    return {"run_id": run.lease.run_id}
