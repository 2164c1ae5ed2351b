"""Holds back the cleaning of the stores while a backup copies them."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import inspect
from sqlalchemy.exc import SQLAlchemyError

from engine.deployment import Deployment
from engine.process.background import Background
from engine.process.registry import ProcessRegistry
from storage.errors import LoanwatchError
from storage.ledger.processes import BACKUP

log = logging.getLogger("loanwatch.engine")
PAUSE = 0.5  # seconds between two looks whether a heartbeat is due


class _Heartbeats(Background):
    """A thread that keeps the backup's registration alive."""

    def __init__(self, registry: ProcessRegistry) -> None:
        super().__init__("backup-heartbeat")
        self._registry = registry

    def work(self) -> None:
        while not self.ended.wait(PAUSE):
            try:
                self._registry.heartbeat({})
            except (LoanwatchError, SQLAlchemyError) as error:
                log.warning("A heartbeat of the backup failed: %s", error)


@contextmanager
def stores_kept(deployment: Deployment) -> Iterator[None]:
    """No run deletes files of the stores during the block, which begins before the ledger is copied.

    A killed backup is noticed as a killed process is. A ledger of the first release, which has no processes, is not
    marked: a file that is deleted meanwhile fails the backup.
    """
    with deployment.ledger.reading() as connection:
        markable = inspect(connection).has_table("processes")
    if not markable:
        yield
        return
    registry = ProcessRegistry(deployment, BACKUP)
    registry.register({})
    try:
        with _Heartbeats(registry):
            yield
    finally:
        registry.deregister()
