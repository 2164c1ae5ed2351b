"""What a run reads: the snapshot it takes when it starts, and the job that each task gets from them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Connection, select

from engine.definitions.task import Pipeline, Task
from engine.deployment import Deployment
from jobs.bronze.sources import SOURCES
from jobs.job import Job, TaskResult
from storage.db.schema import runs
from storage.errors import DamagedFile
from storage.lake.datamart import TableVersion
from storage.lake.extracts import SourceFile, has_extracts, source_files
from storage.ledger.catalog import current_versions, published_versions
from storage.ledger.models import ModelVersion, champions, free_version
from storage.ledger.runs import replay_mark

log = logging.getLogger("loanwatch.engine")


@dataclass(frozen=True)
class Snapshot:
    """The state of the world that a run sees, however long it takes: published tables, champion, data folder."""

    run_id: str
    as_of: date
    stamp: str
    data: str
    tables: Mapping[str, TableVersion]
    champions: tuple[ModelVersion, ...]

    def as_json(self) -> dict[str, Any]:
        """What the ledger remembers of the snapshot."""
        return {
            "stamp": self.stamp,
            "data": self.data,
            "tables": {name: table.version for name, table in self.tables.items()},
            "champion": self.champions[0].version if self.champions else None,
        }


def snapshot_of(connection: Connection, deployment: Deployment, run: Any) -> Snapshot:
    """The snapshot of a run that starts now.

    Models are named by the time, those of a replay by its date: replaying twice gives the same names.
    """
    now = deployment.ledger.clock()
    named = datetime.combine(run.as_of, time(), now.tzinfo) if replay_mark(run) else now
    return Snapshot(
        run_id=run.run_id,
        as_of=run.as_of,
        stamp=free_version(connection, named),
        data=data_folder(connection, deployment, run.pipeline),
        tables=current_versions(connection),
        champions=tuple(champions(connection)),
    )


def data_folder(connection: Connection, deployment: Deployment, pipeline: str) -> str:
    """Where the extracts are: the setting; for training else HOME/data; otherwise the folder that was read last.

    So the other pipelines follow the book in use; '' when its folder has gone, and they work from what was published.
    """
    settings = deployment.settings
    if settings.data or pipeline == "training":
        return settings.data or _folder_at_home(deployment)
    return folder_read_last(connection, deployment)


def folder_read_last(connection: Connection, deployment: Deployment) -> str:
    """The folder of extracts that a run read last, else the one at home; '' when it has no extracts."""
    readers = runs.c.pipeline.in_(("training", "inference")) & (runs.c.state == "succeeded")
    query = select(runs.c.snapshot).where(readers).order_by(runs.c.finished_at.desc()).limit(100)
    read = [str(snapshot["data"]) for snapshot in connection.execute(query).scalars() if snapshot.get("data")]
    folder = read[0] if read else _folder_at_home(deployment)
    return folder if has_extracts(folder, list(SOURCES)) else ""


def book_in_use(connection: Connection, deployment: Deployment) -> str:
    """The folder that a training nobody is there to ask about reads: '' for the usual one, else the one read last."""
    if deployment.settings.data or has_extracts(_folder_at_home(deployment), list(SOURCES)):
        return ""
    return folder_read_last(connection, deployment)


def _folder_at_home(deployment: Deployment) -> str:
    return str(deployment.settings.home.absolute() / "data")


def job_of(
    deployment: Deployment, pipeline: Pipeline, task: Task, snapshot: Snapshot, outcomes: Mapping[str, TaskResult]
) -> Job:
    """What a task gets once the tasks that it needs are done. Raises ExtractMissing when a dataset is not there."""
    made = {table.table: table for name in pipeline.all_upstream[task.name] for table in outcomes[name].tables}
    visible = {**snapshot.tables, **made}
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
        values={name: outcomes[name].values for name in task.upstream},
        extracts=_extracts(deployment, task, snapshot.data),
        champions=snapshot.champions if task.uses_champion else (),
    )


def _intact(deployment: Deployment, table: TableVersion) -> TableVersion | None:
    """The version, or the newest intact one before it if its files are damaged: a task goes on from there."""
    with deployment.ledger.reading() as connection:
        older = [version for version in published_versions(connection, table.table) if version != table]
    for version in (table, *older):
        try:
            deployment.datamart.verify(version)
        except DamagedFile as error:
            log.warning("%s", error)
        else:
            return version
    return None


def _extracts(deployment: Deployment, task: Task, data: str) -> dict[str, tuple[SourceFile, ...]]:
    if not data:
        return {}
    return {dataset: source_files(deployment.ledger, data, dataset) for dataset in task.extracts}
