"""Which artifacts of trainings and which copies of reports are no longer needed."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.stores.leftovers import ARTIFACT, REPORT, UNKNOWN, Known, Leftover
from storage.files.drafts import drafted
from storage.ledger.models import registered_models
from storage.ledger.operation.stores import last_uses, removed_names, results_with, run_ends
from storage.ledger.published.reports import current_reports

SHA256 = re.compile(r"[0-9a-f]{64}")
NO_NAME = re.compile(r"(?!)")  # matches none


def maker_of(name: str) -> str:
    """The run that made an artifact; '' for one of an earlier release."""
    path = name.split("/")
    return path[1] if len(path) == 3 and SHA256.fullmatch(path[2]) else ""


def unused_artifacts(
    connection: Connection, deployment: Deployment, files: Mapping[str, int], known: Known, *, thorough: bool
) -> Iterator[Leftover]:
    """The artifacts of trainings that no run has used for a while. Those of registered models stay."""
    kept = {facts.name for model in registered_models(connection) for facts in model.files.values()}
    makers = {name: run for name in files if (run := maker_of(name))}
    if thorough:
        makers |= _earlier_makers(connection, files)
    ends = {**known.ends, **run_ends(connection, set(makers.values()) - set(known.ends))}
    uses = last_uses(connection, set(makers.values()))
    marked = removed_names(connection, list(files))
    for name, run in sorted(makers.items()):
        if name in kept:
            continue
        if name in marked:
            yield Leftover(ARTIFACT, "models", name, files[name], "it was marked as removed", marked=True)
        elif run not in ends:
            yield Leftover(ARTIFACT, "models", name, files[name], UNKNOWN)
        elif (end := ends[run].ended_at) is not None:
            unused_since = max(end, uses.get(run, end))
            if unused_since + timedelta(days=deployment.settings.artifact_days) <= known.now:
                yield Leftover(
                    ARTIFACT, "models", name, files[name], f"no run has used it since {unused_since:%Y-%m-%d}"
                )


def _earlier_makers(connection: Connection, files: Mapping[str, int]) -> dict[str, str]:
    """The newest run that made each artifact of an earlier release, whose name does not tell."""
    unnamed = {name for name in files if not maker_of(name) and SHA256.fullmatch(name.rpartition("/")[2])}
    found: dict[str, str] = {}
    for run, facts in results_with(connection, "artifacts", limit=None) if unnamed else ():
        if facts.name in unnamed:
            found.setdefault(facts.name, run)
    return found


def replaced_reports(connection: Connection, files: Mapping[str, int], known: Known) -> Iterator[Leftover]:
    """The runs' copies of reports in whose place others were published, or which were never published."""
    current = {row.file for row in current_reports(connection)}
    marked = removed_names(connection, list(files))
    for name, size in sorted(files.items()):
        run = run_of_report(name)
        if not run or name in current:
            continue
        if run not in known.ends:
            yield Leftover(REPORT, "reports", name, size, UNKNOWN)
        elif name in marked or known.is_over(run):
            why = "it was marked as removed" if name in marked else "another copy is published"
            yield Leftover(REPORT, "reports", name, size, why, marked=name in marked)


def run_of_report(name: str) -> str:
    """The run that drew a copy of a report, `.versions/RUN/NAME`; '' for another file."""
    path = name.split("/")
    return path[1] if len(path) == 3 and drafted(path[2], NO_NAME) is None else ""
