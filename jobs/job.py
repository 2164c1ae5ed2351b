"""The argument (`Job`) and the result (`TaskResult`) of a task function: keys, settings and summaries, never tables."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from jobs.book.declaration import Book
from jobs.book.digest import digest
from jobs.book.loading import load
from jobs.errors import JobError
from jobs.profiles.summary import Profile, merged_profiles
from storage.files.away import RETRY_SECONDS
from storage.files.folder import FileFacts
from storage.lake.datamart import Datamart, TableVersion
from storage.lake.extracts import SourceFile
from storage.lake.model_store import ModelStore
from storage.lake.pieces import WHOLE, Pieces
from storage.lake.report_store import ReportStore
from storage.ledger import catalog
from storage.ledger.models import ModelVersion, model_from_json
from storage.on_use import pa

log = logging.getLogger("loanwatch.jobs")


@dataclass(frozen=True)
class StoreRoots:
    """Roots of the stores that a task may write to."""

    datamart: str
    models: str
    reports: str
    retry: float = RETRY_SECONDS  # for which a call is tried again while a store is away


@dataclass(frozen=True)
class Job:
    """One call of a task function.

    `settings` are those that the task declares; `tables` the versions that it may read; `values` the values returned by
    its upstream tasks, by task; `champions` the present and past champions, newest first, if the task uses them;
    `anchor` the champion that a person chose last, else the first one, if the task uses it;
    `rejection` why the newest delivery was rejected, '' if it was not or the task does not use it;
    `partition` the key of the partition, if the task is split; `attempt` the number of this try. `declaration` is the
    book's file or module, '' for the default book, and `book_digest` what it holds.
    """

    task: str
    run_id: str
    as_of: date
    stamp: str
    roots: StoreRoots
    settings: Mapping[str, Any] = field(default_factory=dict)
    tables: Mapping[str, TableVersion] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    extracts: Mapping[str, tuple[SourceFile, ...]] = field(default_factory=dict)
    champions: tuple[ModelVersion, ...] = ()
    anchor: ModelVersion | None = None
    rejection: str = ""
    partition: str = ""
    attempt: int = 1
    declaration: str = ""
    book_digest: str = ""

    @property
    def book(self) -> Book:
        """The book of the deployment. Raises JobError when it is not the one that the run began with."""
        book = load(self.declaration)
        if self.book_digest and digest(book) != self.book_digest:
            raise JobError(
                f"The book {self.declaration or book.name} changed while {self.run_id} was running, or this machine "
                f"has another one; run `python -m engine resume {self.run_id}`."
            )
        return book

    @property
    def datamart(self) -> Datamart:
        return Datamart(self.roots.datamart, self.roots.retry)

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.roots.models, self.roots.retry, self.run_id)

    @property
    def reports(self) -> ReportStore:
        return ReportStore(self.roots.reports, self.run_id, self.roots.retry)

    def for_partition(self, partition: str, attempt: int = 1) -> Job:
        """The same job, for one attempt at one partition of the task."""
        return replace(self, partition=partition, attempt=attempt)

    def table(self, name: str) -> TableVersion:
        """The version of a table that this run reads. Raises JobError when the table was never published."""
        if name not in self.tables:
            pipeline = "inference" if name.startswith(("gold.model_predictions", "staged.inference")) else "training"
            raise JobError(f"There is no {name} yet for {self.task}; run `python -m engine run {pipeline}` first.")
        return self.tables[name]

    def read(self, name: str, columns: list[str] | None = None, *, categories: list[str] | None = None) -> pa.Table:
        """The rows of a table, in the version that this run reads."""
        return self.datamart.read(self.table(name), columns, categories=categories)

    def write(
        self, name: str, tables: Iterable[pa.Table], number: int = 0, pieces: Pieces = WHOLE, **facts: Any
    ) -> TableVersion:
        """A new version of a table with the rows of `tables`, or its part `number`. `facts` are dates and sources."""
        part = self.datamart.write(name, self.run_id, number, tables, self.attempt, pieces)
        return TableVersion(name, self.run_id, (part,), **facts)


@dataclass(frozen=True)
class TaskResult:
    """The result of a task.

    `values` go to the downstream tasks; `tables`, `artifacts` and `reports` were written by the task. `model`,
    `decision`, `request` and `profiles` take effect when the run commits: a model to register, a governance decision to
    record, a pipeline to run, profiles of deliveries to keep. `skipped` is the reason why the task did nothing.
    """

    rows_in: int | None = None
    rows_out: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    tables: tuple[TableVersion, ...] = ()
    artifacts: tuple[FileFacts, ...] = ()
    reports: tuple[FileFacts, ...] = ()
    model: ModelVersion | None = None
    decision: dict[str, Any] | None = None
    request: dict[str, Any] | None = None
    profiles: tuple[Profile, ...] = ()
    skipped: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The result as plain JSON types."""
        return {
            **vars(self),
            "tables": [catalog.as_json(table) for table in self.tables],
            "artifacts": [vars(facts) for facts in self.artifacts],
            "reports": [vars(facts) for facts in self.reports],
            "model": None if self.model is None else self.model.as_json(),
        }


def result_from_json(content: dict[str, Any]) -> TaskResult:
    """The result of its JSON form; the inverse of `TaskResult.as_json`."""
    return TaskResult(
        **{
            **content,
            "tables": tuple(catalog.from_json(table) for table in content["tables"]),
            "artifacts": tuple(FileFacts(**facts) for facts in content["artifacts"]),
            "reports": tuple(FileFacts(**facts) for facts in content["reports"]),
            "model": None if content["model"] is None else model_from_json(content["model"]),
            "profiles": tuple(content.get("profiles", ())),  # an earlier release kept none
        }
    )


def combined(results: Sequence[TaskResult]) -> TaskResult:
    """The result of a task from those of its parts, in their order: rows and counts summed, tables concatenated."""
    tables: dict[str, TableVersion] = {}
    values: dict[str, Any] = {}
    for result in results:
        values = summed(values, result.values)
        for table in result.tables:
            tables[table.table] = tables[table.table].with_parts_of(table) if table.table in tables else table
    return TaskResult(
        rows_in=_total([result.rows_in for result in results]),
        rows_out=_total([result.rows_out for result in results]),
        values=values,
        tables=tuple(tables.values()),
        artifacts=tuple(facts for result in results for facts in result.artifacts),
        profiles=merged_profiles(profile for result in results for profile in result.profiles),
    )


def summed(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """The sum of two nested dictionaries of counts."""
    total = dict(left)
    for key, value in right.items():
        if key not in total:
            total[key] = value
        elif isinstance(value, Mapping):
            total[key] = summed(total[key], value)
        else:
            total[key] = total[key] + value
    return total


def _total(counts: Sequence[int | None]) -> int | None:
    numbers = [count for count in counts if count is not None]
    return sum(numbers) if numbers else None
