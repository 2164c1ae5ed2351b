"""Looks a deployment over: what is wrong, where, and what to do about it."""

import os
import shutil
from collections.abc import Callable, Iterator

import pyarrow as pa

from engine.deployment import Deployment
from engine.doctor.finding import Finding
from engine.doctor.process_checks import LOCK, PROCESS_CHECKS
from engine.execution.vacuum import link_current
from jobs.bronze.sources import SOURCES
from storage.errors import DamagedFile, LoanwatchError
from storage.lake.extracts import has_extracts
from storage.ledger.catalog import current_versions
from storage.ledger.models import known_models, model_by_alias

LITTLE_SPACE = 2 * 1024**3


def findings(deployment: Deployment) -> list[Finding]:
    """Everything that was looked at, in a fixed order."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += list(check(deployment))
        except (LoanwatchError, OSError, pa.ArrowInvalid) as error:
            found.append(Finding(check.__name__.strip("_"), "problem", str(error)))
        if found[-1].check == LOCK and found[-1].level == "problem":
            break  # what comes next writes, and would wait
    return found


def _home(deployment: Deployment) -> Iterator[Finding]:
    home = deployment.settings.home.absolute()
    if not os.access(home, os.W_OK):
        yield Finding("home", "problem", f"{home} can't be written to; mend its permissions or choose another --home.")
    else:
        yield Finding("home", "ok", str(home))


def _disk(deployment: Deployment) -> Iterator[Finding]:
    free = shutil.disk_usage(deployment.settings.home).free
    told = f"{free / 1024**3:.1f} GiB free at {deployment.settings.home.absolute()}"
    if free < LITTLE_SPACE:
        yield Finding("disk", "warning", f"{told}; free some, or lower keep_versions.")
    else:
        yield Finding("disk", "ok", told)


def _ledger(deployment: Deployment) -> Iterator[Finding]:
    answer = deployment.ledger.check()
    if answer != "ok":
        yield Finding(
            "ledger", "problem", f"{deployment.ledger.place} is damaged ({answer}); restore it from a backup."
        )
    else:
        yield Finding("ledger", "ok", deployment.ledger.place)


def _extracts(deployment: Deployment) -> Iterator[Finding]:
    folder = deployment.settings.data or str(deployment.settings.home.absolute() / "data")
    if has_extracts(folder, list(SOURCES)):
        yield Finding("extracts", "ok", folder)
    else:
        yield Finding(
            "extracts", "warning", f"{folder} has no extracts; put them there or name their folder with --data."
        )


def _tables(deployment: Deployment) -> Iterator[Finding]:
    with deployment.ledger.reading() as connection:
        current = current_versions(connection)
    damaged = 0
    for table in current.values():
        try:
            deployment.datamart.verify(table)
        except DamagedFile as error:
            damaged += 1
            yield Finding("tables", "problem", str(error))
    if not damaged:
        yield Finding("tables", "ok", f"{len(current)} published, every byte as it was written")


def _models(deployment: Deployment) -> Iterator[Finding]:
    with deployment.ledger.reading() as connection:
        champion = model_by_alias(connection)
    if champion is None:
        yield Finding("models", "warning", "There is no champion yet; `python -m engine run training` makes one.")
        return
    for facts in champion.files.values():
        if not deployment.models.intact(facts):
            path = deployment.models.folder.path(facts.name)
            yield Finding("models", "problem", f"{path} is not the file that was registered; train again.")
            return
    with deployment.ledger.reading() as connection:
        known = {facts.name for model in known_models(connection) for facts in model.files.values()}
    unknown = [name for name in deployment.models.folder.names("") if not name.startswith(".") and name not in known]
    for name in unknown:
        yield Finding("models", "warning", f"{name} belongs to no registered model and is never opened; move it away.")
    yield Finding("models", "ok", f"champion {champion.version}, files as they were registered")


def _links(deployment: Deployment) -> Iterator[Finding]:
    moved = link_current(deployment)
    if moved:
        yield Finding("links", "warning", f"The paths of {', '.join(moved)} led elsewhere; they were set right.")
    else:
        yield Finding("links", "ok", f"every path below {deployment.datamart.folder.root} leads to what is published")


CHECKS: tuple[Callable[[Deployment], Iterator[Finding]], ...] = (
    *(_home, _disk, _ledger, *PROCESS_CHECKS),
    *(_extracts, _tables, _links, _models),
)
