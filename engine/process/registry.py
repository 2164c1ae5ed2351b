"""A long-lived process's place in the ledger: it arrives, beats, and leaves; and which others are there."""

import os
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from engine.deployment import Deployment
from engine.process.identity import host, is_gone, this_process
from storage.db.ledger import LedgerRow
from storage.ledger.processes import Process, alive_processes, deregister, heartbeat, register

NO_WORKER = "no worker is alive; start one with `python -m engine worker` or `up`"


class ProcessRegistry:
    """The presence of this process; `kind` is worker, scheduler or console."""

    def __init__(self, deployment: Deployment, kind: str) -> None:
        self._deployment = deployment
        self.process = Process(this_process(), kind, host(), os.getpid())
        self._beaten = 0.0
        self._detail: dict[str, Any] = {}

    def register(self, detail: dict[str, Any]) -> None:
        """Enters the process."""
        with self._deployment.ledger.writing() as connection:
            register(connection, self.process, detail, self._deployment.ledger.clock())
        self._beaten, self._detail = monotonic(), detail

    def beat(self, detail: dict[str, Any]) -> bool:
        """Whether it was time to beat, or there was something new to tell."""
        if monotonic() - self._beaten < self._deployment.settings.heartbeat and detail == self._detail:
            return False
        with self._deployment.ledger.writing() as connection:
            heartbeat(connection, self.process.process_id, detail, self._deployment.ledger.clock())
        self._beaten, self._detail = monotonic(), detail
        return True

    def deregister(self) -> None:
        """Says that the process ends."""
        with self._deployment.ledger.writing() as connection:
            deregister(connection, self.process.process_id, self._deployment.ledger.clock())


def alive(deployment: Deployment, kind: str) -> Sequence[LedgerRow]:
    """The living processes of a kind, newest first: they beat lately, and have not ended as far as can be seen here."""
    silence = timedelta(seconds=deployment.settings.lease)
    with deployment.ledger.reading() as connection:
        rows = alive_processes(connection, kind, silence, deployment.ledger.clock())
    return [row for row in rows if not is_gone(row.process_id)]


def has_worker(deployment: Deployment) -> bool:
    """Whether there is a worker that takes waiting runs."""
    return bool(alive(deployment, "worker"))


def waiting_for(deployment: Deployment, state: str) -> str | None:
    """What a run in that state waits for: `a worker` when there is none to take it, else nothing."""
    return "a worker" if state == "queued" and not has_worker(deployment) else None


def waiting_told(run_id: str, pipeline: str) -> str:
    """What to tell a person of a run that waits for a worker."""
    return f"Run {run_id} is waiting for a worker: {NO_WORKER}, or `run {pipeline}` carries it out here."
