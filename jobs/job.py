"""What a task function gets (`Job`) and gives back (`TaskResult`): keys, settings and small summaries, never tables."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import pyarrow as pa

from jobs.errors import JobError
from storage.files.folder import FileFacts, Folder
from storage.lake.datamart import Datamart, TableVersion
from storage.lake.extracts import SourceFile
from storage.lake.model_store import ModelStore
from storage.ledger import catalog
from storage.ledger.models import ModelVersion, model_from_json

log = logging.getLogger("loanwatch.jobs")


@dataclass(frozen=True)
class StoreRoots:
    """Roots of the stores that a task may write to."""

    datamart: str
    models: str
    reports: str


@dataclass(frozen=True)
class Job:
    """One call of a task function.

    `settings` has the settings that the task declares and no others; `tables` the versions it may read; `values` what
    the tasks that it needs gave back, by task; `champions` the model that is champion and those that were, newest
    first, if the task uses them; `partition` the key of the partition when the task fans out.
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
    partition: str = ""

    @property
    def datamart(self) -> Datamart:
        return Datamart(self.roots.datamart)

    @property
    def models(self) -> ModelStore:
        return ModelStore(self.roots.models)

    @property
    def reports(self) -> Folder:
        return Folder.at(self.roots.reports)

    def for_partition(self, partition: str) -> "Job":
        """The same job, for one partition of the task."""
        return replace(self, partition=partition)

    def table(self, name: str) -> TableVersion:
        """The version of a table that this run reads; JobError when nothing was published yet."""
        if name not in self.tables:
            pipeline = "inference" if name.startswith(("gold.model_predictions", "staged.inference")) else "training"
            raise JobError(f"There is no {name} yet for {self.task}; run `python -m engine run {pipeline}` first.")
        return self.tables[name]

    def read(self, name: str, columns: list[str] | None = None, *, categories: list[str] | None = None) -> pa.Table:
        """The rows of a table, as of this run's pinned version."""
        return self.datamart.read(self.table(name), columns, categories=categories)

    def write(self, name: str, tables: Iterable[pa.Table], number: int = 0, **facts: Any) -> TableVersion:
        """A new version of a table that holds `tables`, or part `number` of it; `facts` are its dates and sources."""
        part = self.datamart.write(name, self.run_id, number, tables)
        return TableVersion(name, self.run_id, (part,), **facts)


@dataclass(frozen=True)
class TaskResult:
    """What a task gave back.

    `values` go to the tasks that need this one; `tables`, `artifacts` and `reports` are what it wrote. `model`,
    `decision` and `request` take effect when the run commits: a model to register, a governance decision to record,
    a pipeline to be run. `skipped` says why the task had nothing to do.
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
    skipped: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The outcome as plain JSON types."""
        return {
            **vars(self),
            "tables": [catalog.as_json(table) for table in self.tables],
            "artifacts": [vars(facts) for facts in self.artifacts],
            "reports": [vars(facts) for facts in self.reports],
            "model": None if self.model is None else self.model.as_json(),
        }


def result_from_json(content: dict[str, Any]) -> TaskResult:
    """The inverse of TaskResult.as_json."""
    return TaskResult(
        **{
            **content,
            "tables": tuple(catalog.from_json(table) for table in content["tables"]),
            "artifacts": tuple(FileFacts(**facts) for facts in content["artifacts"]),
            "reports": tuple(FileFacts(**facts) for facts in content["reports"]),
            "model": None if content["model"] is None else model_from_json(content["model"]),
        }
    )


def merged(outcomes: Sequence[TaskResult]) -> TaskResult:
    """The outcome of a task from those of its parts, in their order: rows and counts added up, tables put together."""
    tables: dict[str, TableVersion] = {}
    values: dict[str, Any] = {}
    for outcome in outcomes:
        values = added(values, outcome.values)
        for table in outcome.tables:
            tables[table.table] = tables[table.table].merged(table) if table.table in tables else table
    return TaskResult(
        rows_in=_total([outcome.rows_in for outcome in outcomes]),
        rows_out=_total([outcome.rows_out for outcome in outcomes]),
        values=values,
        tables=tuple(tables.values()),
        artifacts=tuple(facts for outcome in outcomes for facts in outcome.artifacts),
    )


def added(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:
    """Two nested dictionaries of counts, added up."""
    total = dict(left)
    for key, value in right.items():
        if key not in total:
            total[key] = value
        elif isinstance(value, Mapping):
            total[key] = added(total[key], value)
        else:
            total[key] = total[key] + value
    return total


def _total(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
