"""Which results may be used again: a task is cached when its code, settings and inputs are those of an earlier one."""

import ast
import hashlib
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection

from engine.task import Task
from jobs.job import Job, Outcome, outcome_from_json
from jobs.sources import SOURCES
from storage.catalog import version_of
from storage.errors import DamagedFile
from storage.progress import reusable_tasks

log = logging.getLogger("loanwatch.engine")

PROJECT = Path(__file__).parents[1]
ROOMS = ("jobs", "storage")
LIBRARIES = ("pyarrow", "numpy", "pandas", "scikit-learn", "altair", "vl-convert-python")


def cache_key(task: Task, job: Job) -> str:
    """SHA-256 of everything that the task's result depends on.

    As-of counts only through the newest date that it admits in the inputs, so that an unchanged book stays cached from
    one day to the next. A table that the task extends does not count as an input: see `reusable`.
    """
    inputs = {name: table for name, table in job.tables.items() if name not in task.writes}
    dates = {day for table in job.tables.values() for day in table.dates if day <= job.as_of.isoformat()}
    content = {
        "task": task.name,
        "code": [code_of(reference) for reference in task.functions],
        "settings": {name: str(value) for name, value in job.settings.items()},
        "extracts": {name: [file.sha256 for file in files] for name, files in job.extracts.items()},
        "tables": {name: table.digest for name, table in inputs.items()},
        "newest_date": max(dates, default=None),
        "as_of": job.as_of.isoformat() if task.dated or _brings_news(task, job) else None,
        "values": job.values,
        "champions": [model.version for model in job.champions],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def key_after(task: Task, job: Job, outcome: Outcome) -> str:
    """The key that the same task will have once its outcome is published: as cache_key, with the tables it extended."""
    made = {table.table: table for table in outcome.tables if table.table in task.reads}
    return cache_key(task, replace(job, tables={**job.tables, **made}))


def _brings_news(task: Task, job: Job) -> bool:
    """Whether the task is going to take in extracts that are not published yet, of whose dates nothing is known."""
    for dataset, files in job.extracts.items():
        name = f"bronze.{SOURCES[dataset].bronze}"
        if name in task.reads:
            published = job.tables.get(name)
            if published is None or sorted(published.sources.values()) != sorted(file.sha256 for file in files):
                return True
    return False


def extended(task: Task, job: Job) -> dict[str, str | None]:
    """Digests of the tables that the task extends (reads and writes), as they were before it ran."""
    own = [name for name in task.writes if name in task.reads]
    return {name: job.tables[name].digest if name in job.tables else None for name in own}


def reusable(connection: Connection, task: Task, job: Job, key: str) -> tuple[str, Outcome] | None:
    """The run and the outcome of an earlier task with the same key whose outputs are all intact.

    The result of a task that extends a table counts only while the table is what it was before that task or what it
    became by it; otherwise rows that others have added since would be lost.
    """
    before = extended(task, job)
    for row in reusable_tasks(connection, key):
        outcome = outcome_from_json(row.outcome["outcome"])
        became = {table.table: table.digest for table in outcome.tables}
        allowed = [digest in (row.outcome["extended"].get(name), became.get(name)) for name, digest in before.items()]
        if all(allowed) and _intact(connection, job, outcome):
            return row.run_id, outcome
    return None


def _intact(connection: Connection, job: Job, outcome: Outcome) -> bool:
    try:
        for table in outcome.tables:
            if version_of(connection, table.table, table.version) is None:
                return False
            job.datamart.verify(table)
    except DamagedFile as error:
        log.warning("%s", error)
        return False
    kept = [*outcome.artifacts, *(outcome.model.files.values() if outcome.model else ())]
    damaged = [facts.name for facts in kept if not job.models.intact(facts)]
    damaged += [facts.name for facts in outcome.reports if job.reports.size(facts.name) != facts.bytes]
    for name in damaged:
        log.warning("%s is not what was written; it is made anew", name)
    return not damaged


@lru_cache(maxsize=256)
def code_of(reference: str) -> str:
    """SHA-256 of a function's module, of every module of the project that it imports, and of library versions."""
    digest = hashlib.sha256(reference.encode())
    for file in sorted(_imported_files(reference.partition(":")[0])):
        digest.update(Path(file).read_bytes())
    digest.update(" ".join(f"{library}={version(library)}" for library in LIBRARIES).encode())
    return digest.hexdigest()


def _imported_files(module: str) -> set[str]:
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if file is None or name in found:
            continue
        found[name] = file
        waiting += _project_imports(file)
    return set(found.values())


@lru_cache(maxsize=256)
def _project_imports(file: str) -> tuple[str, ...]:
    return tuple(name for name in _imports(ast.parse(Path(file).read_bytes())) if name.split(".")[0] in ROOMS)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _file_of(module: str) -> str | None:
    # Looked for on the disk: asking the import system would import the packages above it, and scikit-learn with them.
    path = PROJECT.joinpath(*module.split("."))
    return next((str(file) for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
