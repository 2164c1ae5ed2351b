"""Puts published reports where people read them. A process that is killed in between leaves that to the next one."""

from engine.deployment import Deployment
from storage.db.ledger import LedgerRow
from storage.lake.report_store import facts_of
from storage.ledger.published.reports import current_reports, mark_placed


def place_reports(deployment: Deployment) -> None:
    """Puts the reports in place that were published since. Repeats when another run publishes in the meantime."""
    while waiting := _current(deployment, unplaced=True):
        for row in waiting:
            _place(deployment, row)


def misplaced_reports(deployment: Deployment) -> list[LedgerRow]:
    """The published reports that people do not read under their name."""
    return [row for row in _current(deployment) if not deployment.reports.is_placed(facts_of(row))]


def repair_reports(deployment: Deployment) -> list[str]:
    """Puts every published report in place. Returns the names of those that were not."""
    misplaced = misplaced_reports(deployment)
    for row in misplaced:
        _place(deployment, row)
    place_reports(deployment)
    return [row.name for row in misplaced]


def _current(deployment: Deployment, *, unplaced: bool = False) -> list[LedgerRow]:
    with deployment.ledger.reading() as connection:
        return list(current_reports(connection, unplaced=unplaced))


def _place(deployment: Deployment, row: LedgerRow) -> None:
    deployment.reports.place(facts_of(row))
    with deployment.ledger.writing() as connection:
        mark_placed(connection, row, deployment.ledger.now(connection))
