"""Caching: a task is cached when an earlier task had the same code, settings and inputs."""

import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.definitions.code import function_code
from engine.definitions.task import Task
from engine.deployment import Deployment
from jobs.book.declaration import Book
from jobs.book.digest import digest, source_digest
from jobs.job import Job, TaskResult, result_from_json
from storage.db.ledger import LedgerRow
from storage.errors import DamagedFile
from storage.lake.file_checks import FileChecks
from storage.ledger.catalog import stored_versions
from storage.ledger.models import champions_after
from storage.ledger.operation.stores import removed_names
from storage.ledger.tasks import reusable_tasks


def cache_key(task: Task, job: Job) -> str:
    """SHA-256 of everything on which the task's result depends.

    Instead of the as-of date, the key has the newest date of the inputs up to it, so an unchanged book is cached on the
    next day. A table that the task extends is not part of the key: see `reusable`.
    """
    inputs = {name: table for name, table in job.tables.items() if name not in task.writes}
    dates = {day for table in job.tables.values() for day in table.dates if day <= job.as_of.isoformat()}
    content = {
        "task": task.name,
        "code": [function_code(reference, job.declaration) for reference in task.functions],
        "book": _declared(task, job.book),
        "split": task.split,
        "python": sys.version_info[:2],
        "settings": {name: str(value) for name, value in job.settings.items()},
        "extracts": {name: [file.sha256 for file in files] for name, files in job.extracts.items()},
        "tables": {name: table.digest for name, table in inputs.items()},
        "newest_date": max(dates, default=None),
        "as_of": job.as_of.isoformat() if task.dated or _reads_new_extracts(task, job) else None,
        "values": job.values,
        "champions": [model.version for model in job.champions],
        "anchor": job.anchor.version if job.anchor else None,
        "rejection": job.rejection,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def key_after(task: Task, job: Job, result: TaskResult) -> str:
    """The key of the same task after its result is published.

    It is the `cache_key` with the extended tables, and with the champions and the anchor after the task's own model. So
    the verdict on a model is reused only for the champion and the anchor with which the model was compared.
    """
    extended_tables = {table.table: table for table in result.tables if table.table in task.reads}
    after, anchor = job.champions, job.anchor
    if task.uses_champion and result.model is not None and result.model.promotion.get("promote"):
        after = champions_after(result.model, after)
        anchor = anchor or (result.model if task.uses_anchor else None)
    tables = {**job.tables, **extended_tables}
    return cache_key(task, replace(job, tables=tables, champions=after, anchor=anchor))


def _reads_new_extracts(task: Task, job: Job) -> bool:
    """Whether the task reads extracts that are not published yet, so that their dates are unknown."""
    for dataset, files in job.extracts.items():
        name = job.book.by_dataset[dataset].bronze_table
        if name in task.reads:
            published = job.tables.get(name)
            if published is None or sorted(published.sources.values()) != sorted(file.sha256 for file in files):
                return True
    return False


def extended(task: Task, job: Job) -> dict[str, str | None]:
    """Digests, before the task, of the tables that it extends (reads and writes)."""
    own = [name for name in task.writes if name in task.reads]
    return {name: job.tables[name].digest if name in job.tables else None for name in own}


def reusable(
    deployment: Deployment, task: Task, job: Job, key: str, of_runs: frozenset[str] | None = None
) -> tuple[tuple[str, TaskResult] | None, list[str]]:
    """(run and result of an earlier task with the same key and intact outputs, messages about damaged outputs).

    The task is of `of_runs` only, if given, else of any run. A decision, report or model of a trial is not reused,
    because nothing was published of it.

    The result of a task that extends a table is reused only when the table is as before or after that task. Otherwise
    rows that were added in the meantime would be lost.
    """
    if of_runs is not None and not of_runs:
        return None, []
    before = extended(task, job)
    damaged: list[str] = []
    with deployment.ledger.reading() as connection:
        rows = reusable_tasks(connection, key, of_runs)
        stored = stored_versions(connection) if rows else set()
        removed = removed_names(connection, {facts["name"] for row in rows for facts in _files(row)})
    for row in rows:
        result = result_from_json(row.outcome["outcome"])
        after = {table.table: table.digest for table in result.tables}
        allowed = [digest in (row.outcome["extended"].get(name), after.get(name)) for name, digest in before.items()]
        complete = all((table.table, table.version) in stored for table in result.tables)
        complete &= not any(facts.name in removed for facts in (*result.artifacts, *result.reports))
        complete &= bool(row.official) or not (result.decision or result.reports or result.model)
        if all(allowed) and complete and not result.values.get("refused"):
            messages = list(_damage(deployment.file_checks, job, result))
            if not messages:
                return (row.run_id, result), damaged
            damaged += messages
    return None, damaged


def _files(row: LedgerRow) -> list[dict[str, Any]]:
    outcome = row.outcome["outcome"]
    return [*outcome["artifacts"], *outcome["reports"]]


def _damage(checks: FileChecks, job: Job, result: TaskResult) -> Iterator[str]:
    """A message for each damaged table or file of a result."""
    for table in result.tables:
        try:
            checks.check_table(job.datamart, table)
        except DamagedFile as error:
            yield str(error)
    artifacts = (*result.artifacts, *(result.model.files.values() if result.model else ()))
    files = [(job.models.folder, facts) for facts in artifacts] + [
        (job.reports.folder, facts) for facts in result.reports
    ]
    for folder, facts in files:
        try:
            checks.check(folder, [facts])
        except DamagedFile:
            yield f"{folder.path(facts.name)} is damaged; it is computed again."


def _declared(task: Task, book: Book) -> list[Any]:
    """What the task depends on of the book: one source with the dates that its table is visible from, or all."""
    if not task.source:
        return [digest(book)]
    dates = (book.loan_source, book.loan_start, book.prediction, book.observation, book.bad_loan.month)
    return [source_digest(book.by_dataset[task.source]), *dates]
