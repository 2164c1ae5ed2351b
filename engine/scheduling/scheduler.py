"""The scheduler: a process that requests runs when their slots are due."""

import logging
import threading
from functools import partial

from engine.control.runs import reap_stale_runs
from engine.deployment import Deployment
from engine.process.registry import ProcessRegistry
from engine.scheduling.periodic import PeriodicTask, run_periodically
from engine.scheduling.slots import process_due_slots
from engine.scheduling.timetable import Timetable, timetable
from storage.db.ledger import Clock, LedgerUnavailable

log = logging.getLogger("loanwatch.engine")

POLL_PAUSE = 1.0  # seconds between two checks of each timetable


class Scheduler:
    """Checks the timetables of one deployment until it is stopped. `clock` gives the time of slots, else the ledger."""

    def __init__(self, deployment: Deployment, clock: Clock | None = None, pause: float = POLL_PAUSE) -> None:
        self._deployment = deployment
        self._clock = clock
        self._pause = pause
        self._registry = ProcessRegistry(deployment, "scheduler")
        self._stop = threading.Event()

    def stop(self) -> None:
        """Stops the scheduler."""
        self._stop.set()

    def serve(self) -> None:
        """Checks every timetable once a second until it is stopped."""
        tables = timetables(self._deployment)
        tasks = [
            PeriodicTask(f"the schedule of {table.pipeline}", self._pause, partial(self._process, table))
            for table in tables
        ]
        for table in timetables(self._deployment):
            for slot in table.next_after((self._clock or self._deployment.ledger.clock)()):
                log.info("The next slot is %s, at %s UTC.", slot.name, f"{slot.due_at:%Y-%m-%d %H:%M}")
        tasks.append(PeriodicTask("the scheduler's heartbeat", self._deployment.settings.heartbeat, self._heartbeat))
        self._registry.register({})
        try:
            run_periodically(tasks, self._stop)
        finally:
            try:
                self._registry.deregister()
            except LedgerUnavailable as error:
                log.warning("%s", error)

    def _process(self, table: Timetable) -> None:
        process_due_slots(self._deployment, table, self._clock() if self._clock else None)

    def _heartbeat(self) -> None:
        self._registry.heartbeat({})
        for run_id in reap_stale_runs(self._deployment):
            log.warning("Run %s crashed: it sent no heartbeat.", run_id, extra={"run_id": run_id})


def timetables(deployment: Deployment) -> list[Timetable]:
    """The timetables of the pipelines with a schedule, in the order of the pipelines."""
    settings = deployment.settings
    tables = (timetable(name, deployment.timing(name), settings.zone) for name in deployment.pipelines)
    return [table for table in tables if table is not None]
