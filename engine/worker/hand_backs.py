"""Runs that a worker hands back: each is requeued once, however long the ledger is away."""

import json
import logging
from contextlib import suppress
from dataclasses import asdict
from time import monotonic, sleep

from engine.control.runs import requeue
from engine.deployment import Deployment
from storage.db.ledger import LedgerUnavailable
from storage.errors import LeaseLost
from storage.files.folder import Folder
from storage.ledger.leases import Lease

log = logging.getLogger("loanwatch.engine")

FOLDER = ".hand-backs"  # below the home: what a stopping worker could not hand back, for the next worker
PAUSE = 0.5  # seconds between two tries of a stopping worker


class HandBacks:
    """The runs that are to be requeued. A run is forgotten when the ledger has it, and never requeued twice.

    A second try is safe: the ledger refuses it when the first one was committed and only its answer was lost.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._folder = Folder.at(str(deployment.settings.home.absolute() / FOLDER))
        self._waiting: dict[str, tuple[Lease, str]] = {}

    def add(self, lease: Lease, reason: str) -> None:
        """Remembers a run that is to be requeued."""
        self._waiting[lease.run_id] = (lease, reason)

    def try_all(self) -> None:
        """Requeues the runs. Those that are left are tried again at the next call. Raises LedgerUnavailable."""
        for run_id, (lease, reason) in list(self._waiting.items()):
            self._requeue(lease, reason)
            self._folder.delete(f"{run_id}.json")
            del self._waiting[run_id]

    def finish(self, seconds: float) -> None:
        """Tries for so many seconds. A file keeps for the next worker of this home what is left then.

        It is written first: a try can last longer than a process is given to end, as on a locked SQLite ledger.
        """
        self._keep()
        deadline = monotonic() + seconds
        while True:
            try:
                self.try_all()
            except LedgerUnavailable as error:
                if monotonic() + PAUSE > deadline:
                    for run_id in self._waiting:
                        about = {"run_id": run_id}  # the field of a JSON line
                        log.warning(
                            "Run %s will be requeued by the next worker of this home: %s", run_id, error, extra=about
                        )
                    raise
            else:
                return
            sleep(PAUSE)

    def load(self) -> None:
        """Remembers the runs that an earlier worker of this home could not hand back."""
        for name in self._folder.names(""):
            with suppress(ValueError, KeyError, TypeError):  # a draft, or another file
                content = json.loads(self._folder.read(name))
                self.add(Lease(**content["lease"]), str(content["reason"]))

    def _keep(self) -> None:
        for run_id, (lease, reason) in self._waiting.items():
            content = {"lease": asdict(lease), "reason": reason}
            self._folder.write(f"{run_id}.json", json.dumps(content).encode())

    def _requeue(self, lease: Lease, reason: str) -> None:
        about = {"run_id": lease.run_id}  # the field of a JSON line
        try:
            new_run_id = requeue(self._deployment, lease, reason)
        except LeaseLost:
            log.info("Run %s had ended already.", lease.run_id, extra=about)
            return
        if new_run_id is None:
            log.warning("Run %s crashed (%s) and was not requeued.", lease.run_id, reason, extra=about)
        else:
            log.warning("Run %s was requeued as %s (%s).", lease.run_id, new_run_id, reason, extra=about)
