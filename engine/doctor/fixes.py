"""Repairs of `doctor --fix`: stale runs, links of tables and reports, and remains of killed processes."""

import os
from collections.abc import Callable, Iterator

from engine.cluster.sessions import dead_sessions, remove_dead_sessions
from engine.control.runs import reap_stale_runs
from engine.deployment import Deployment
from engine.doctor.finding import Finding
from engine.doctor.process_checks import LOCK_PATIENCE
from engine.errors import Refused
from engine.execution.published.reports import repair_reports
from engine.execution.vacuum import link_current
from engine.stores.ownership import check_stores
from storage.db.checks import lock_is_free
from storage.errors import LoanwatchError


def fix(deployment: Deployment) -> list[Finding]:
    """Repairs the deployment and returns what was repaired. Does nothing when another process has the ledger's lock."""
    fixed: list[Finding] = []
    if lock_is_free(deployment.ledger, LOCK_PATIENCE):
        for repair in REPAIRS:
            try:
                fixed += [Finding(repair.__name__.strip("_"), "ok", message) for message in repair(deployment)]
            except Refused:
                continue  # for a store that can't be used, which the check of the stores tells
            except (LoanwatchError, OSError) as error:
                fixed.append(Finding(repair.__name__.strip("_"), "problem", str(error)))
    return fixed


def _runs(deployment: Deployment) -> Iterator[str]:
    for run_id in reap_stale_runs(deployment):
        yield f"fixed: run {run_id} is marked as crashed; `resume {run_id}` resumes it"


def _leftovers(_deployment: Deployment) -> Iterator[str]:
    folders = dead_sessions()
    remove_dead_sessions()
    for folder in folders:
        if not os.path.lexists(folder):
            yield f"fixed: ended the processes of {folder} and removed it"


def _links(deployment: Deployment) -> Iterator[str]:
    check_stores(deployment)
    moved = link_current(deployment)
    if moved:
        yield f"fixed: the links of {', '.join(moved)} point at the published versions"


def _reports(deployment: Deployment) -> Iterator[str]:
    check_stores(deployment)
    placed = repair_reports(deployment)
    if placed:
        yield f"fixed: {', '.join(placed)} show what was published"


REPAIRS: tuple[Callable[[Deployment], Iterator[str]], ...] = (_runs, _leftovers, _links, _reports)
