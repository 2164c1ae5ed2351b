"""Rows against the last delivery: a dataset that lost rows since a run last read its folder is rejected."""

from collections.abc import Sequence

from engine.deployment import Deployment
from jobs.errors import InputRejected
from jobs.job import Job, TaskResult
from storage.lake.extracts import SourceFile
from storage.ledger.catalog import rows_published_at
from storage.ledger.runs import last_reader


def refuse_shrunken(deployment: Deployment, job: Job, result: TaskResult) -> None:
    """Raises InputRejected when a result has a bronze table that lacks too many rows of the last delivery.

    The last delivery is the table that was published when a run of a pipeline that writes it last succeeded on the
    same folder. The first delivery of a folder is compared with nothing.
    """
    book = deployment.book
    rows = {table.table: table.rows for table in result.tables}
    for dataset, files in job.extracts.items():
        name = book.by_dataset[dataset].bronze_table
        if name in rows and files:
            _compare(deployment, job.run_id, files, (name, rows[name]))


def _compare(deployment: Deployment, run_id: str, files: Sequence[SourceFile], table: tuple[str, int]) -> None:
    (name, rows), first, limit = table, files[0], deployment.settings.shrink_limit
    readers = [pipeline.name for pipeline in deployment.pipelines.values() if pipeline.maker(name)]
    with deployment.ledger.reading() as connection:
        last = last_reader(connection, readers, first.folder)
        before = None if last is None else rows_published_at(connection, name, last.finished_at)
    if last is not None and before is not None and rows < before * (1 - limit):
        told = f"{rows:,} rows instead of the {before:,} that run {last.run_id} read in this folder"
        raise InputRejected(
            f"{told}, so that more than {limit:.0%} are missing",
            file=f"{first.folder}/{first.name if len(files) == 1 else first.dataset}",
            hint="deliver the whole extract, or accept the smaller one with "
            f"`python -m engine resume {run_id} --param shrink_limit=1`",
        )
