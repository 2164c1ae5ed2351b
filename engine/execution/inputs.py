"""The inputs of a run: the snapshot that it takes when it starts, and the job of each task."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection

from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from jobs.book.digest import digest
from jobs.job import Job, TaskResult
from storage.errors import DamagedFile
from storage.lake.datamart import TableVersion
from storage.lake.extracts import SourceFile, source_files
from storage.ledger.catalog import current_versions, published_versions
from storage.ledger.models import ModelVersion, anchor, champions, free_version
from storage.ledger.run_search import open_rejection
from storage.ledger.runs import replay_mark

log = logging.getLogger("loanwatch.engine")


@dataclass(frozen=True)
class Snapshot:
    """The inputs of a run, fixed at its start: published tables, champions, folder of extracts, digest of the book.

    `anchor` is the champion that a person chose last, else the first. `rejection` says why the newest delivery
    of extracts was rejected and not replaced; '' when there is none.
    """

    run_id: str
    as_of: date
    stamp: str
    data: str
    tables: Mapping[str, TableVersion]
    champions: tuple[ModelVersion, ...]
    anchor: ModelVersion | None
    rejection: str
    book_digest: str

    def as_json(self) -> dict[str, Any]:
        """The snapshot as stored in the ledger."""
        return {
            "stamp": self.stamp,
            "data": self.data,
            "tables": {name: table.version for name, table in self.tables.items()},
            "champion": self.champions[0].version if self.champions else None,
            "anchor": self.anchor.version if self.anchor else None,
        }


def snapshot_of(connection: Connection, deployment: Deployment, run: Any, data: str) -> Snapshot:
    """The snapshot of a run that starts now and reads the folder `data`.

    Its model is named by the current time. In a replay the as-of date is used, so that two replays give the same names.
    """
    now = deployment.ledger.now(connection)
    stamp_time = datetime.combine(run.as_of, time(), now.tzinfo) if replay_mark(run) else now
    return Snapshot(
        run_id=run.run_id,
        as_of=run.as_of,
        stamp=free_version(connection, stamp_time),
        data=data,
        tables=current_versions(connection),
        champions=tuple(champions(connection)),
        anchor=anchor(connection),
        rejection=rejection_of(connection, deployment, run.as_of),
        book_digest=digest(deployment.book),
    )


def rejection_of(connection: Connection, deployment: Deployment, as_of: date) -> str:
    """Why the newest delivery up to an as-of date was rejected, in a sentence; '' when none was, or it was replaced.

    A folder that a person tried by hand counts too, until it is read or a person names another folder for a run.
    """
    datasets = set(deployment.book.by_dataset)
    readers = [
        pipeline.name
        for pipeline in deployment.pipelines.values()
        if datasets <= {dataset for task in pipeline.tasks for dataset in task.extracts}
    ]
    run = open_rejection(connection, readers, as_of)
    if run is None:
        return ""
    folder = run.snapshot.get("data")
    told = f"{run.pipeline} of {run.as_of}" + (f", folder {folder}" if folder else "")
    return f"The newest delivery was rejected ({told}): {run.error['message']}"


def job_of(
    deployment: Deployment, pipeline: Pipeline, task: Task, snapshot: Snapshot, results: Mapping[str, TaskResult]
) -> Job:
    """The job of a task whose upstream tasks are done. Raises ExtractMissing when a dataset is missing."""
    written = {table.table: table for name in pipeline.all_upstream[task.name] for table in results[name].tables}
    visible = {**snapshot.tables, **written}
    for name in set(task.reads) & set(task.writes) & set(visible):
        intact = _intact(deployment, visible.pop(name))
        visible |= {name: intact} if intact else {}
    return Job(
        task=task.name,
        run_id=snapshot.run_id,
        as_of=snapshot.as_of,
        stamp=snapshot.stamp,
        roots=deployment.roots,
        settings={name: getattr(deployment.settings, name) for name in task.settings},
        tables={name: visible[name] for name in task.reads if name in visible},
        values={name: results[name].values for name in task.upstream},
        extracts=_extracts(deployment, task, snapshot.data),
        champions=snapshot.champions if task.uses_champion else (),
        anchor=snapshot.anchor if task.uses_anchor else None,
        rejection=snapshot.rejection if task.uses_rejection else "",
        declaration=deployment.settings.book,
        book_digest=snapshot.book_digest,
    )


def _intact(deployment: Deployment, table: TableVersion) -> TableVersion | None:
    """The version that a task extends: this one, else the newest earlier one with intact files; None for none."""
    with deployment.ledger.reading() as connection:
        older = [version for version in published_versions(connection, table.table) if version != table]
    for version in (table, *older):
        try:
            deployment.file_checks.check_table(deployment.datamart, version)
        except DamagedFile as error:
            log.warning("%s", error)
        else:
            return version
    return None


def _extracts(deployment: Deployment, task: Task, data: str) -> dict[str, tuple[SourceFile, ...]]:
    if not data:
        return {}
    return {
        dataset: source_files(deployment.ledger, data, dataset, read_all=deployment.settings.verify)
        for dataset in task.extracts
    }
