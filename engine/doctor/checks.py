"""Checks of home, ledger, tables and models. Each finding names the problem, its place and its solution."""

import os
import shutil
from collections.abc import Callable, Iterator

import pyarrow as pa
from sqlalchemy.engine import make_url

from engine.control.approval import no_champion
from engine.control.extract_folder import default_folder, folder_has_extracts
from engine.deployment import Deployment
from engine.doctor.alert_checks import alert_channels
from engine.doctor.finding import Finding
from engine.doctor.process_checks import LOCK_CHECK, PROCESS_CHECKS
from engine.doctor.store_checks import STORE_CHECKS
from engine.documents.extracts import extracts_document
from engine.execution.published.reports import misplaced_reports
from engine.execution.vacuum import misplaced_links
from jobs.modelling.champion import other_libraries
from storage.db.engines import has_place
from storage.errors import DamagedFile, LoanwatchError
from storage.files.folder import Folder
from storage.ledger.catalog import current_versions
from storage.ledger.models import model_by_alias, registered_models
from storage.ledger.published.reports import current_reports
from storage.settings import Settings

MOST_FILES = 3  # that a finding names, the last ones
LITTLE_SPACE = 2 * 1024**3


def missing(settings: Settings) -> list[Finding]:
    """A finding when the SQLite ledger does not exist, because a check would create its file; else none."""
    if has_place(settings.ledger_url):
        return []
    message = f"{make_url(settings.ledger_url).database} does not exist yet; `run`, `up` or `worker` creates it."
    return [Finding("ledger", "warning", message)]


def findings(deployment: Deployment) -> list[Finding]:
    """The findings of all checks, in order. It stops after a failed precondition, and tells no error twice."""
    results: list[Finding] = []
    for check in CHECKS:
        try:
            new = list(check(deployment))
        except (LoanwatchError, OSError, pa.ArrowInvalid) as error:
            told = str(error) in {finding.message for finding in results}
            new = [] if told else [Finding(check.__name__.strip("_"), "problem", str(error))]
        results += new
        if check in PRECONDITIONS and any(finding.level != "ok" for finding in new):
            break
    return results


def _home(deployment: Deployment) -> Iterator[Finding]:
    home = deployment.settings.home.absolute()
    if not home.exists():
        yield Finding("home", "warning", f"{home} does not exist yet; `run`, `up` or `worker` creates it.")
    elif not os.access(home, os.W_OK):
        yield Finding("home", "problem", f"{home} is not writable; correct its permissions or choose another --home.")
    else:
        yield Finding("home", "ok", str(home))


def _schema(deployment: Deployment) -> Iterator[Finding]:
    """No finding when the ledger has the newest schema."""
    ledger = deployment.ledger
    stored, newest = ledger.version()
    if stored != newest:
        message = f"{ledger.address} has schema version {stored or 'none'}, this release uses {newest}"
        fixable = stored is None or stored < newest
        advice = "run `python -m engine migrate`, or start the worker" if fixable else "run the release that made it"
        yield Finding("ledger", "warning" if fixable else "problem", f"{message}; {advice}.")


def _disk(deployment: Deployment) -> Iterator[Finding]:
    if not deployment.settings.home.exists():
        return
    free = shutil.disk_usage(deployment.settings.home).free
    message = f"{free / 1024**3:.1f} GiB free at {deployment.settings.home.absolute()}"
    if free < LITTLE_SPACE:
        yield Finding("disk", "warning", f"{message}; free some space, or lower LOANWATCH_KEEP_VERSIONS.")
    else:
        yield Finding("disk", "ok", message)


def _ledger(deployment: Deployment) -> Iterator[Finding]:
    answer = deployment.ledger.check()
    if answer != "ok":
        yield Finding(
            "ledger", "problem", f"{deployment.ledger.address} is damaged ({answer}); restore it from a backup."
        )
    else:
        yield Finding("ledger", "ok", deployment.ledger.address)


def _book(deployment: Deployment) -> Iterator[Finding]:
    yield Finding("book", "ok", f"{deployment.book.name}, pipelines {', '.join(deployment.pipelines)}")


def _extracts(deployment: Deployment) -> Iterator[Finding]:
    folder = default_folder(deployment)
    there = Folder.at(folder, deployment.settings.storage_retry, "LOANWATCH_DATA")
    if folder_has_extracts(deployment, folder):
        yield Finding("extracts", "ok", there.address)
    else:
        there.refuse_missing_bucket()
        yield Finding(
            "extracts", "warning", f"{there.address} has no extracts; put them there, or give their folder with --data."
        )


def _newest_rows(deployment: Deployment) -> Iterator[Finding]:
    """A warning for each stale dataset; no finding before the first run."""
    with deployment.ledger.reading() as connection:
        rows = extracts_document(connection, deployment)
    for row in rows:
        if row["state"] == "stale":
            files = f" ({', '.join(row['files'][-MOST_FILES:])})" if row["files"] else ""
            yield Finding(
                "newest rows", "warning", f"{row['advice']} The newest run read it{files} as of {row['as_of']}."
            )
    if rows and not any(row["state"] == "stale" for row in rows):
        told = ", ".join(f"{row['dataset']} {row['newest'] or 'not known'}" for row in rows)
        yield Finding("newest rows", "ok", f"{told}, as of {rows[0]['as_of']}")


def _tables(deployment: Deployment) -> Iterator[Finding]:
    deployment.datamart.folder.refuse_missing_bucket()
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
        yield Finding("tables", "ok", f"{len(current)} published, every file intact")


def _models(deployment: Deployment) -> Iterator[Finding]:
    deployment.models.folder.refuse_missing_bucket()
    with deployment.ledger.reading() as connection:
        champion = model_by_alias(connection)
        told = no_champion(connection, "train one with `python -m engine run training`")
    if champion is None:
        yield Finding("models", "warning", told)
        return
    for facts in champion.files.values():
        if not deployment.models.intact(facts):
            path = deployment.models.folder.path(facts.name)
            yield Finding(
                "models", "problem", f"{path} is not the registered file; restore it from a backup, or train again."
            )
            return
    if reason := other_libraries(champion, deployment.models):
        yield Finding("models", "problem", reason)
        return
    with deployment.ledger.reading() as connection:
        registered = {facts.name for model in registered_models(connection) for facts in model.files.values()}
    names = [name for name in deployment.models.folder.names("") if not name.startswith(".")]
    for name in names:
        if name not in registered:
            yield Finding(
                "models", "warning", f"{name} belongs to no registered model and is never opened; move it elsewhere."
            )
    yield Finding("models", "ok", f"champion {champion.version}, all files intact")


def _links(deployment: Deployment) -> Iterator[Finding]:
    """Of the links of tables, which object storage does not have, and of the names of reports."""
    tables, reports = deployment.datamart.folder, deployment.reports.folder
    reports.refuse_missing_bucket()
    misplaced = [*misplaced_links(deployment), *(row.name for row in misplaced_reports(deployment))]
    with deployment.ledger.reading() as connection:
        right = [f"every link below {tables.root}"] if tables.is_local else []
        right += ["every report"] if tables.is_local or current_reports(connection) else []
    check = "links" if tables.is_local or reports.is_local else "reports"
    if misplaced:
        what = f"The links of {', '.join(misplaced)} do" if check == "links" else f"{', '.join(misplaced)} do"
        yield Finding(check, "warning", f"{what} not point at the published versions; `doctor --fix` updates them.")
    elif right:
        yield Finding(check, "ok", f"{' and '.join(right)} is the published one")


CHECKS: tuple[Callable[[Deployment], Iterator[Finding]], ...] = (
    *(_home, _schema, _disk, _ledger, *PROCESS_CHECKS),
    *(alert_channels, *STORE_CHECKS, _book, _extracts, _newest_rows, _tables, _links, _models),
)
PRECONDITIONS = (_schema, LOCK_CHECK, _book)  # without a usable ledger and book, the next checks would fail
