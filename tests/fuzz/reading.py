"""Extracts read by the job functions themselves, in this process, up to labels and features."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from jobs.book.declaration import Book
from jobs.book.retail import BOOK
from jobs.bronze.ingest import ingested
from jobs.gold.training_data import gold_feature_engineering
from jobs.job import Job, StoreRoots, TaskResult, combined
from jobs.silver.clean import cleaned_part
from jobs.silver.quality.removal import remove_flagged_customers
from storage.db.ledger import Ledger
from storage.lake.extracts import source_files
from storage.lake.names import TRAINING_DATA

LATE = date(2026, 6, 1)
MEMORY = Path("/dev/shm")
Loans = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class BookJob(Job):
    """A job with the book given as it is, and not by the name of its declaration."""

    given: Book = field(default=BOOK)

    @property
    def book(self) -> Book:
        return self.given


@dataclass(frozen=True)
class Read:
    """What was read: the training data by loan, the values that each task handed on, the silver and gold tables."""

    loans: Loans
    values: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, pa.Table]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for one book, in memory where the machine has such a folder."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder)


@contextmanager
def ledger_in(folder: Path) -> Iterator[Ledger]:
    """A ledger in that folder, in which the digests of extracts are stored."""
    ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    ledger.prepare()
    yield ledger
    ledger.close()


def read_book(ledger: Ledger, data: Path, work: Path, book: Book = BOOK, as_of: date = LATE) -> Read:
    """The labels and features of extracts. Raises InputRejected when the product refuses them."""
    roots = StoreRoots(str(work / "mart"), str(work / "models"), str(work / "reports"))
    job = BookJob("fuzz", "run", as_of, "20260601_000000", roots, given=book)
    limits = {"quarantine_limit": 0.01, "extract_limit": 1 << 30}
    values: dict[str, Mapping[str, Any]] = {}
    for source in book.sources:
        files = source_files(ledger, str(data), source.dataset)
        ingest = replace(job, settings=limits)
        stored = combined([ingested(ingest, source.dataset, files, number) for number in range(len(files))])
        bronze = stored.tables[0]
        cleaned = combined([cleaned_part(job, bronze, number) for number in range(len(files))])
        values |= {f"ingest_{source.silver}": stored.values, f"clean_{source.silver}": cleaned.values}
        job = _after(job, cleaned, values)
    checked = remove_flagged_customers(job)
    values["remove_flagged_customers"] = checked.values
    job = _after(job, checked, values)
    gold = gold_feature_engineering(job)
    values["gold_feature_engineering"] = gold.values
    job = _after(job, gold, values)
    loans = {row["loan_id"]: row for row in job.read(TRAINING_DATA).to_pylist()}
    tables = {name: job.read(name) for name in (*(source.silver_table for source in book.sources), TRAINING_DATA)}
    return Read(loans, values, tables)


def _after(job: BookJob, result: TaskResult, values: Mapping[str, Mapping[str, Any]]) -> BookJob:
    """The job with the tables and values of a task that is done."""
    return replace(job, tables={**job.tables, **{table.table: table for table in result.tables}}, values=dict(values))
