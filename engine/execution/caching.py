"""Caching: a task is cached when its code, settings and inputs are those of an earlier one."""

import ast
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from engine.cluster.guard import PROJECT
from engine.definitions.task import BOOK, Task
from jobs.book.declaration import Book
from jobs.book.digest import digest, source_digest
from jobs.book.loading import module_of
from jobs.job import Job, TaskResult, result_from_json
from storage.db.ledger import Ledger
from storage.errors import DamagedFile
from storage.ledger.catalog import known_versions
from storage.ledger.models import champions_after
from storage.ledger.tasks import reusable_tasks

ROOMS = ("jobs", "storage")
DECLARATIONS = ("jobs.book.retail",)  # what a book declares counts by its digest
LIBRARIES = ("pyarrow", "numpy", "pandas", "scipy", "scikit-learn", "altair", "vl-convert-python", "pillow")


def cache_key(task: Task, job: Job) -> str:
    """SHA-256 of everything that the task's result depends on.

    As-of counts only through the newest date of the inputs up to it, so an unchanged book stays cached from one day to
    the next. A table that the task extends is not an input here: see `reusable`.
    """
    inputs = {name: table for name, table in job.tables.items() if name not in task.writes}
    dates = {day for table in job.tables.values() for day in table.dates if day <= job.as_of.isoformat()}
    content = {
        "task": task.name,
        "code": [_code(reference, job.declaration) for reference in task.functions],
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
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def key_after(task: Task, job: Job, outcome: TaskResult) -> str:
    """The key that the same task has after its result is published.

    As cache_key, with the tables that it extended and with the champions after its own model. So a verdict on a model
    is reused only for the champion that the model was compared with.
    """
    made = {table.table: table for table in outcome.tables if table.table in task.reads}
    after = job.champions
    if task.uses_champion and outcome.model is not None and outcome.model.promotion.get("promote"):
        after = champions_after(outcome.model, after)
    return cache_key(task, replace(job, tables={**job.tables, **made}, champions=after))


def _reads_new_extracts(task: Task, job: Job) -> bool:
    """Whether the task reads extracts that are not published yet, whose dates are unknown."""
    for dataset, files in job.extracts.items():
        name = job.book.by_dataset[dataset].bronze_table
        if name in task.reads:
            published = job.tables.get(name)
            if published is None or sorted(published.sources.values()) != sorted(file.sha256 for file in files):
                return True
    return False


def extended(task: Task, job: Job) -> dict[str, str | None]:
    """Digests of the tables that the task extends (reads and writes), as they were before it ran."""
    own = [name for name in task.writes if name in task.reads]
    return {name: job.tables[name].digest if name in job.tables else None for name in own}


def reusable(ledger: Ledger, task: Task, job: Job, key: str) -> tuple[tuple[str, TaskResult] | None, list[str]]:
    """(the run and the result of an earlier task with the same key and intact outputs, complaints about damaged ones).

    The result of a task that extends a table is reused only while the table is as before or after that task; otherwise
    rows that were added since would be lost.
    """
    before = extended(task, job)
    complaints: list[str] = []
    with ledger.reading() as connection:
        rows = reusable_tasks(connection, key)
        known = known_versions(connection)
    for row in rows:
        outcome = result_from_json(row.outcome["outcome"])
        became = {table.table: table.digest for table in outcome.tables}
        allowed = [digest in (row.outcome["extended"].get(name), became.get(name)) for name, digest in before.items()]
        there = all((table.table, table.version) in known for table in outcome.tables)
        if all(allowed) and there and not outcome.values.get("refused"):
            damage = list(_damage(job, outcome))
            if not damage:
                return (row.run_id, outcome), complaints
            complaints += damage
    return None, complaints


def _damage(job: Job, outcome: TaskResult) -> Iterator[str]:
    """A complaint about each damaged file of a result."""
    for table in outcome.tables:
        try:
            job.datamart.verify(table)
        except DamagedFile as error:
            yield str(error)
    for facts in (*outcome.artifacts, *(outcome.model.files.values() if outcome.model else ())):
        if not job.models.intact(facts):
            yield f"{job.models.folder.path(facts.name)} is damaged; it is computed again."
    for facts in outcome.reports:
        if job.reports.size(facts.name) != facts.bytes or job.reports.sha256(facts.name) != facts.sha256:
            yield f"{job.reports.path(facts.name)} is damaged; it is computed again."


def _declared(task: Task, book: Book) -> list[Any]:
    """What the task depends on of the book: one source with the dates that its table is visible from, or all."""
    if not task.source:
        return [digest(book)]
    source = book.by_dataset[task.source]
    return [
        source_digest(source),
        *((book.loan_start, book.prediction, book.observation) if source == book.loans else ()),
    ]


@lru_cache(maxsize=256)
def code_of(reference: str) -> str:
    """SHA-256 of a function's module, of every module of the project that it imports, and of library versions."""
    code = hashlib.sha256(reference.encode())
    for file in sorted(_imported_files(reference.partition(":")[0])):
        code.update(Path(file).read_bytes())
    code.update(" ".join(f"{library}={version(library)}" for library in LIBRARIES).encode())
    return code.hexdigest()


def _code(reference: str, declaration: str) -> str:
    """`code_of`; of a function in the file that declares the book, SHA-256 of that file as it is now."""
    if reference.partition(":")[0] != BOOK:
        return code_of(reference)
    file = module_of(declaration).__file__ or ""
    return hashlib.sha256(reference.encode() + Path(file).read_bytes()).hexdigest()


def _imported_files(module: str) -> set[str]:
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _file_of(name)
        if file is None or name in found or name in DECLARATIONS:
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
    # Searched on disk: the import system would import the parent packages, and scikit-learn with them.
    path = PROJECT.joinpath(*module.split("."))
    return next((str(file) for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)
