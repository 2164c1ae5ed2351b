"""Documents about the extracts that were read last: the newest row of every dataset, which are stale or refused."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import groupby

from sqlalchemy import Connection

from engine.deployment import Deployment
from engine.documents.values import Document, moment
from jobs.silver.staleness import ages, stale_sentences
from storage.db.ledger import LedgerRow
from storage.lake.datamart import TableVersion
from storage.ledger.catalog import current_versions
from storage.ledger.published.current import READ, UNUSED, Readers, reads_since_success
from storage.ledger.run_search import REJECTED
from storage.ledger.runs import newest_success

DONE = ("succeeded", "cached", "skipped")


def extracts_document(connection: Connection, deployment: Deployment) -> list[Document]:
    """A document for each dataset of which tables are published: its files, newest row, age in days, cadence, state.

    The ages are those at the newest as-of date of a successful run; `advice` says what to do about a stale dataset.
    `refused` is what came of a delivery after that (see `refusals`), None when it was accepted or there is none.
    """
    newest, refused = newest_success(connection), refusals(connection, deployment)
    as_of = newest.as_of if newest else deployment.today()
    return extract_ages(deployment, current_versions(connection), as_of, refused)


def extract_ages(
    deployment: Deployment, tables: Mapping[str, TableVersion], as_of: date, refused: Mapping[str, Document]
) -> list[Document]:
    """The documents of `extracts_document`, by the published tables, a date and the refused datasets."""
    book = deployment.book
    return [
        {
            **age.as_json(),
            "as_of": as_of.isoformat(),
            "files": _files(tables.get(source.bronze_table)),
            "advice": next(iter(stale_sentences([age], book)), None),
            "refused": refused.get(age.dataset),
        }
        for age, source in zip(ages(tables, book, as_of), book.sources, strict=True)
        if source.staged_table in tables
    ]


def readers_of(deployment: Deployment) -> Readers:
    """The pipelines that read every extract, with their tasks that read or clean extracts."""
    datasets = set(deployment.book.by_dataset)
    readers = [
        pipeline
        for pipeline in deployment.pipelines.values()
        if datasets <= {dataset for task in pipeline.tasks for dataset in task.extracts}
    ]
    names = {task.name for each in readers for task in each.tasks if task.source or task.extracts}
    return Readers(tuple(each.name for each in readers), tuple(sorted(names)))


def refusals(connection: Connection, deployment: Deployment) -> dict[str, Document]:
    """By dataset, what came of the newest delivery when it is not in use: `run_id`, `at`, `reason` and `state`.

    The state is `refused` when the dataset itself can't be used, and `unused` when another one was refused.
    """
    return refusals_of(deployment, reads_since_success(connection, readers_of(deployment)))


def refusals_of(deployment: Deployment, rows: Sequence[LedgerRow]) -> dict[str, Document]:
    """The documents of `refusals`, by the rows of `reads_since_success`."""
    unused = sorted((row for row in rows if row.found_as == UNUSED), key=lambda row: row.told_at)
    found = {row.name: _refusal("unused", row) for row in unused}
    read = sorted((row for row in rows if row.found_as == READ), key=_order, reverse=True)
    runs = [list(of_run) for _, of_run in groupby(read, key=_order)]
    for dataset in deployment.book.by_dataset:
        verdicts = (_verdict(deployment, dataset, of_run) for of_run in runs)
        if newest := next((verdict for verdict in verdicts if verdict is not None), None):
            found[dataset] = newest
    return found


def _order(row: LedgerRow) -> tuple[str, str]:
    return row.requested_at.isoformat(timespec="microseconds"), row.run_id


def _verdict(deployment: Deployment, dataset: str, of_run: Iterable[LedgerRow]) -> Document | None:
    """What a run found about a dataset: a refusal, {} when it could be used, None when the run did not come so far."""
    mine = []
    for row in of_run:
        task = next((one for one in deployment.pipelines[row.pipeline].tasks if one.name == row.name), None)
        if task and (dataset == task.source or (not task.source and dataset in task.extracts)):
            mine.append((row, dataset in (task.source, row.part) or _names(row, dataset)))
    for row, about_it in mine:
        if about_it and row.outcome == "failed" and row.kind == REJECTED:
            return _refusal("refused", row)
    return {} if mine and all(row.outcome in DONE for row, _ in mine) else None


def _names(row: LedgerRow, dataset: str) -> bool:
    """Whether the message of a failed task of several datasets begins with a file of this one."""
    file = (row.told or "").partition(":")[0].partition(",")[0]
    return not row.part and file.rpartition("/")[2].partition(".")[0] == dataset


def _refusal(state: str, row: LedgerRow) -> Document:
    return {"state": state, "run_id": row.run_id, "at": moment(row.told_at), "reason": row.told}


def _files(bronze: TableVersion | None) -> list[str]:
    return [] if bronze is None else list(bronze.sources)
