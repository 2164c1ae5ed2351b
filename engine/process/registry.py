"""The process registry: long-lived processes register in the ledger, send heartbeats and deregister."""

import os
from collections.abc import Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.process.identity import host, is_gone, this_process
from storage.db.ledger import LedgerRow
from storage.ledger.processes import BACKUP, Process, alive_processes, deregister, heartbeat, register

NO_WORKER = "The worker is not running. Start it with `python -m engine up` or `python -m engine worker`."


class ProcessRegistry:
    """This process in the registry; `kind` is worker, scheduler or console."""

    def __init__(self, deployment: Deployment, kind: str) -> None:
        self._deployment = deployment
        self.process = Process(this_process(), kind, host(), os.getpid())
        self._heartbeat_at = 0.0
        self._detail: dict[str, Any] = {}

    def register(self, detail: dict[str, Any]) -> None:
        """Registers the process."""
        with self._deployment.ledger.writing() as connection:
            register(connection, self.process, detail, self._deployment.ledger.now(connection))
        self._heartbeat_at, self._detail = monotonic(), detail

    def heartbeat(self, detail: dict[str, Any]) -> bool:
        """Sends a heartbeat when one is due or the detail has changed. Returns whether it was sent."""
        if monotonic() - self._heartbeat_at < self._deployment.settings.heartbeat and detail == self._detail:
            return False
        with self._deployment.ledger.writing() as connection:
            now = self._deployment.ledger.now(connection)
            heartbeat(connection, self.process.process_id, detail, now)
        self._heartbeat_at, self._detail = monotonic(), detail
        return True

    def deregister(self) -> None:
        """Records that the process ends."""
        with self._deployment.ledger.writing() as connection:
            deregister(connection, self.process.process_id, self._deployment.ledger.now(connection))


def alive(deployment: Deployment, kind: str) -> Sequence[LedgerRow]:
    """The running processes of a kind, newest first: those with a recent heartbeat that have not ended."""
    timeout = timedelta(seconds=deployment.settings.lease)
    with deployment.ledger.reading() as connection:
        rows = alive_processes(connection, kind, timeout, deployment.ledger.now(connection))
    return [row for row in rows if not is_gone(row.process_id)]


def is_backed_up(deployment: Deployment, connection: Connection) -> bool:
    """Whether a backup copies the stores now, so that no file of theirs may be deleted."""
    timeout = timedelta(seconds=deployment.settings.lease)
    rows = alive_processes(connection, BACKUP, timeout, deployment.ledger.now(connection))
    return any(not is_gone(row.process_id) for row in rows)


def has_worker(deployment: Deployment) -> bool:
    """Whether a worker is running."""
    return bool(alive(deployment, "worker"))


def waiting_for(deployment: Deployment, state: str) -> str | None:
    """`a worker` when the run is queued and no worker is running, else None."""
    return "a worker" if state == "queued" and not has_worker(deployment) else None


def waiting_message(run_id: str, pipeline: str) -> str:
    """The message for a queued run when no worker is running."""
    return f"Run {run_id} is waiting for a worker. {NO_WORKER} Or execute it here with `run {pipeline}`."
