"""The data of the Overview page, loaded once for all its parts."""

from dataclasses import dataclass

from console.app import queries
from console.app.deployment import deployment, ledger
from engine.documents.values import Document
from engine.status.reading import Reading, read
from engine.status.status import status_of


@dataclass(frozen=True)
class Overview:
    """What the ledger says now, and the state of the deployment that follows from it."""

    reading: Reading
    status: Document

    @property
    def mark(self) -> str:
        """What changes when the page has to be drawn again."""
        return str(self.status)


def overview(*, reload: bool = False) -> Overview:
    """The overview, at most a second old."""
    return queries.shared("overview", _read, reload=reload)


def _read() -> Overview:
    with ledger().reading() as connection:
        reading = read(deployment(), connection)
    return Overview(reading, status_of(deployment(), reading))
